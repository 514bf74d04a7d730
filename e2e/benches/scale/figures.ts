// The figures of the scale benchmark: the title, the unit and the bound of each.

export interface Figure {
  readonly title: string;
  readonly unit: string;
  /** The highest value that is allowed. */
  readonly atMost?: number;
  /** True for a figure that describes the load and not the product. */
  readonly circumstance?: true;
}

export const figures = {
  freshness_p50: { title: 'a change in a report is in the status, median', unit: 'ms' },
  freshness_p99: { title: 'a change in a report is in the status, p99', unit: 'ms', atMost: 2000 },
  order_p50: { title: 'a changed spec is at an agent, median', unit: 'ms' },
  order_p99: { title: 'a changed spec is at an agent, p99', unit: 'ms', atMost: 2000 },
  order_last: { title: 'a changed spec is at the last agent, slowest change', unit: 'ms' },
  controller_rss: { title: "controller's resident memory, steady", unit: 'MiB', atMost: 300 },
  controller_rss_peak: { title: "controller's resident memory, most ever", unit: 'MiB' },
  controller_cpu: { title: "controller's CPU, steady", unit: '% of a core' },
  reports: { title: 'reports taken', unit: '1/s' },
  api_requests: { title: "controller's requests to the API server", unit: '1/s' },
  api_bytes: { title: 'bytes between controller and API server', unit: 'KiB/s' },
  status_writes: { title: 'status writes', unit: '1/s', atMost: 1 },
  object_size: { title: 'the resource as stored, JSON', unit: 'KiB', atMost: 256 },
  storm_p50: { title: 'after a kill of the controller an agent is served, median', unit: 's' },
  storm_last: { title: 'after a kill of the controller the last agent is served', unit: 's', atMost: 30 },
  storm_busiest: { title: 'most agents let in within one second of that', unit: 'agents' },
  simulators_cpu: { title: 'CPU of the simulated agents meanwhile', unit: '% of a core', circumstance: true },
  pods: { title: 'pods that came and went', unit: '1/s', circumstance: true },
} as const satisfies Record<string, Figure>;

export type Metric = keyof typeof figures;
export const metrics = Object.keys(figures) as Metric[];

/** Whether a value is within the figure's bound; undefined when the figure has none. */
export function reached(metric: Metric, value: number): boolean | undefined {
  const { atMost }: Figure = figures[metric];
  return atMost === undefined ? undefined : value <= atMost;
}
