// Measures one size of cluster in four phases: agents connect, a steady phase, orders change, and the controller is killed.
import { setTimeout as pause } from 'node:timers/promises';
import { controllerName } from '../../../operator/api';
import { percentile } from '../../stand/support/percentile';
import { monotonicMs } from './clock';
import { Churn } from './churn';
import { type Metric, figures } from './figures';
import { Fleet } from './fleet';
import { Ground, type GroundSize } from './ground';
import { cpuSeconds, residentMiB } from '../../stand/support/processUse';
import type { Row } from './results';
import { StatusWatch } from './statusWatch';
import type { Step } from './step';

export interface MeasureOptions extends GroundSize {
  /** The length of the steady phase. */
  readonly seconds: number;
  /** How often the mode is changed, and as often the selector. */
  readonly orders: number;
  readonly podsPerSecond: number;
}

/** How many agents connect in a second at the beginning: on a new cluster agents start one after the other, as nodes pull the image. */
const connectPerSecond = 100;
const servedWithinMs = 180_000;
const orderedWithinMs = 60_000;

/** Measures the phases and tells the rows of each when it is over. Everything is ended when it resolves or rejects. */
export async function measure(
  options: MeasureOptions,
  step: Step,
  tell: (rows: readonly Row[]) => Promise<void>,
  interrupted: AbortSignal,
): Promise<void> {
  const { nodes, namespaces } = options;
  const ground = await step(`${nodes} nodes, ${namespaces} namespaces`, () => Ground.lay(options));
  let scale: Scale | undefined;
  const say = (values: Partial<Record<Metric, number>>): Promise<void> =>
    tell(
      Object.entries(values).map(([metric, value]) => ({ nodes, namespaces, metric, value: rounded(value), unit: figures[metric as Metric].unit })),
    );
  try {
    scale = await Scale.start(ground, options);
    const running = scale;
    const phases: readonly [string, () => Promise<Partial<Record<Metric, number>>>][] = [
      ['steady', () => running.steady(interrupted)],
      ['orders', () => running.orders(interrupted)],
      ['the controller is killed', () => running.storm()],
    ];
    await step('agents connect', () => running.connected());
    for (const [name, phase] of phases) {
      interrupted.throwIfAborted();
      await say(await step(name, phase, shown));
    }
  } finally {
    await scale?.end();
    await ground.clear();
  }
}

class Scale {
  private lastRevision = 0;

  private constructor(
    private readonly ground: Ground,
    private readonly options: MeasureOptions,
    private readonly fleet: Fleet,
    private readonly watch: StatusWatch,
    private readonly churn: Churn,
  ) {}

  static async start(ground: Ground, options: MeasureOptions): Promise<Scale> {
    const contact = { ...(await ground.bench.endpoint()), serverName: controllerName };
    const fleet = Fleet.begin(contact, ground.agents, (ground.agents.length / connectPerSecond) * 1000);
    const watch = await StatusWatch.start(ground.admin);
    return new Scale(ground, options, fleet, watch, new Churn(ground.admin, fleet, options.namespaces, options.podsPerSecond));
  }

  async end(): Promise<void> {
    this.watch.stop();
    await this.churn.stop().finally(() => this.fleet.end());
  }

  async connected(): Promise<void> {
    await this.fleet.allServed(servedWithinMs);
    await this.ordered();
    await this.ground.bench.ready('120s');
  }

  /** The steady phase: pods come and go, the byte counts of every node grow, and tokens are renewed. */
  async steady(interrupted: AbortSignal): Promise<Partial<Record<Metric, number>>> {
    const { seconds } = this.options;
    this.churn.start();
    this.fleet.probe(true);
    await pause(5000, undefined, { signal: interrupted });
    const before = await this.counters();
    let resident = 0;
    while (monotonicMs() - before.at < seconds * 1000) {
      await pause(1000, undefined, { signal: interrupted });
      resident = Math.max(resident, residentMiB(this.pid).now);
    }
    const after = await this.counters();
    await this.churn.stop();
    this.fleet.probe(false);
    const each = (name: keyof typeof before): number => (after[name] - before[name]) / ((after.at - before.at) / 1000);
    // A change shows in the status some time later, so wait before looking for the last changes of the phase.
    await pause(5000, undefined, { signal: interrupted });
    const fresh = this.watch.freshness(this.fleet.probeChanges.filter(({ at }) => at >= before.at && at < after.at));
    return {
      freshness_p50: percentile(fresh, 0.5),
      freshness_p99: percentile(fresh, 0.99),
      controller_rss: resident,
      controller_cpu: 100 * each('controllerCpu'),
      reports: each('reports'),
      api_requests: each('requests'),
      api_bytes: each('bytes') / 1024,
      status_writes: this.watch.writes(before.at, after.at) / ((after.at - before.at) / 1000),
      object_size:
        Buffer.byteLength(await this.ground.bench.kubectl(['get', '--raw', '/apis/acceleration.dev/v1alpha1/sidecaraccelerations/default'])) / 1024,
      simulators_cpu: 100 * each('simulatorsCpu'),
      pods: each('pods'),
    };
  }

  /** Changes the mode and the selector in turns and measures how long until agents have the order. */
  async orders(interrupted: AbortSignal): Promise<Partial<Record<Metric, number>>> {
    const late: number[] = [];
    const last: number[] = [];
    for (let turn = 0; turn < this.options.orders; turn += 1) {
      for (const spec of [{ mode: turn % 2 === 0 ? 'Observe' : 'Accelerate' }, { selector: { namespaces: narrowed(turn % 2 === 0) } }]) {
        interrupted.throwIfAborted();
        const began = monotonicMs();
        await this.ground.admin.request('PATCH', resourcePath, { contentType: 'application/merge-patch+json', body: { spec } });
        const waits = (await this.ordered()).map((at) => at - began);
        late.push(...waits);
        last.push(Math.max(...waits));
        // Wait until the agents' reports about this order are over.
        await pause(3000 + Math.random() * 1000, undefined, { signal: interrupted });
      }
    }
    return { order_p50: percentile(late, 0.5), order_p99: percentile(late, 0.99), order_last: Math.max(...last) };
  }

  /** Kills the controller and starts it again at once, as a kubelet does, and measures how long until all agents are served. */
  async storm(): Promise<Partial<Record<Metric, number>>> {
    const { controller } = this.ground.bench;
    const peak = residentMiB(this.pid).peak;
    const killed = monotonicMs();
    await controller.stop('SIGKILL');
    await controller.start();
    const waits = (await this.fleet.allServed(servedWithinMs, killed)).map((at) => (at - killed) / 1000);
    return {
      storm_p50: percentile(waits, 0.5),
      storm_last: Math.max(...waits),
      storm_busiest: busiest(waits),
      controller_rss_peak: Math.max(peak, residentMiB(this.pid).peak),
    };
  }

  private get pid(): number {
    const { pid } = this.ground.bench.controller;
    if (pid === undefined) throw new Error(`the controller does not run: ${this.ground.bench.controller.tail()}`);
    return pid;
  }

  /** Waits until every agent has an order with a higher revision than the last one. Returns when each agent got it. */
  private async ordered(): Promise<number[]> {
    const { revision, times } = await this.fleet.allOrdered(this.lastRevision, orderedWithinMs);
    this.lastRevision = revision;
    return times;
  }

  private async counters() {
    const { text } = await this.ground.bench.controller.get('/metrics');
    const sum = (name: string): number =>
      [...text.matchAll(new RegExp(`^${name}(?:{.*})? (\\S+)$`, 'gm'))].reduce((all, [, value]) => all + Number(value), 0);
    return {
      at: monotonicMs(),
      requests: sum('rest_client_requests_total'),
      reports: sum('sidecar_acceleration_agent_reports_total'),
      bytes: this.ground.relay.bytes,
      controllerCpu: cpuSeconds(this.pid),
      simulatorsCpu: this.fleet.pids.map(cpuSeconds).reduce((a, b) => a + b, 0),
      pods: this.churn.came,
    };
  }
}

const resourcePath = '/apis/acceleration.dev/v1alpha1/sidecaraccelerations/default';

/** A namespace selector that leaves out every tenth namespace, or none. */
function narrowed(yes: boolean): object {
  return { matchLabels: { mesh: 'on' }, matchExpressions: yes ? [{ key: 'part', operator: 'NotIn', values: ['3'] }] : null };
}

/** How many of the times (in seconds) lie within the second that has the most. */
function busiest(times: readonly number[]): number {
  const sorted = [...times].sort((a, b) => a - b);
  let [most, from] = [0, 0];
  for (const [index, time] of sorted.entries()) {
    while ((sorted[from] ?? time) < time - 1) from += 1;
    most = Math.max(most, index - from + 1);
  }
  return most;
}

function rounded(value: number): number {
  return Number(value.toPrecision(3));
}

function shown(values: Partial<Record<Metric, number>>): string {
  return Object.entries(values)
    .map(([metric, value]) => `${metric} ${rounded(value)}`)
    .join(', ');
}
