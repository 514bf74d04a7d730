// What a run can find, with its unit and which way is better.

export interface Quantity {
  readonly title: string;
  readonly unit: string;
  readonly digits: number;
  readonly better: 'lower' | 'higher';
}

export const quantities = {
  rttUs: { title: 'round trip', unit: 'µs', digits: 1, better: 'lower' },
  requestsPerSecond: { title: 'requests', unit: '1/s', digits: 0, better: 'higher' },
  connectionsPerSecond: { title: 'connections', unit: '1/s', digits: 0, better: 'higher' },
  gbitPerSecond: { title: 'throughput', unit: 'Gbit/s', digits: 2, better: 'higher' },
  /** Of whatever the case is about, connections, turns or MiB: only ever compared with itself. */
  workPerSecond: { title: 'work', unit: '1/s', digits: 0, better: 'higher' },
  avgMs: { title: 'average', unit: 'ms', digits: 2, better: 'lower' },
  p99Ms: { title: 'p99', unit: 'ms', digits: 2, better: 'lower' },
  kernelUs: { title: 'kernel CPU a request', unit: 'µs', digits: 1, better: 'lower' },
  kernelUsPerMiB: { title: 'kernel CPU a MiB', unit: 'µs', digits: 0, better: 'lower' },
  memoryMiB: { title: 'kernel memory a connection', unit: 'MiB', digits: 2, better: 'lower' },
  takenMiB: { title: 'sender blocked after', unit: 'MiB', digits: 2, better: 'lower' },
  /** Of the bytes of selected pods, those that did not go over TCP, in percent. */
  redirected: { title: 'redirected', unit: '%', digits: 0, better: 'higher' },
  callsPerSecond: { title: 'system calls', unit: '1/s', digits: 0, better: 'higher' },
  /** Of the agent's steps, those at which a connection was being learnt, and at which readers were watched, in percent. */
  learning: { title: 'time with a connection that is learnt', unit: '%', digits: 0, better: 'higher' },
  watched: { title: 'time in which readers are watched', unit: '%', digits: 1, better: 'lower' },
  errors: { title: 'failed requests', unit: '', digits: 0, better: 'lower' },
} as const satisfies Record<string, Quantity>;

export type QuantityName = keyof typeof quantities;
