// The quantities that a run can measure, each with its unit and with whether a higher or a lower value is better.

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
  /** Connections, turns or bytes, as the case counts its work; compared only between sides of one case. */
  workPerSecond: { title: 'work', unit: '1/s', digits: 0, better: 'higher' },
  avgMs: { title: 'average', unit: 'ms', digits: 2, better: 'lower' },
  p99Ms: { title: 'p99', unit: 'ms', digits: 2, better: 'lower' },
  kernelUs: { title: 'kernel CPU a request', unit: 'µs', digits: 1, better: 'lower' },
  kernelUsPerMiB: { title: 'kernel CPU a MiB', unit: 'µs', digits: 0, better: 'lower' },
  memoryMiB: { title: 'kernel memory a connection', unit: 'MiB', digits: 2, better: 'lower' },
  takenMiB: { title: 'sender blocked after', unit: 'MiB', digits: 2, better: 'lower' },
  /** The percentage of the bytes of selected pods that was redirected. */
  redirected: { title: 'redirected', unit: '%', digits: 0, better: 'higher' },
  callsPerSecond: { title: 'system calls', unit: '1/s', digits: 0, better: 'higher' },
  /** The percentages of the agent's steps at which a connection was being learnt, and at which readers were watched. */
  learning: { title: 'time with a connection that is learnt', unit: '%', digits: 0, better: 'higher' },
  watched: { title: 'time in which readers are watched', unit: '%', digits: 1, better: 'lower' },
  errors: { title: 'failed requests', unit: '', digits: 0, better: 'lower' },
} as const satisfies Record<string, Quantity>;

export type QuantityName = keyof typeof quantities;
