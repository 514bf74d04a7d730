// Experiments between test pods: a load where the product is against the same load where it is not, slice by slice.
import { BenchNode } from '../benchNode';
import { sliceOf, type Case, type Experiment, type Pace, type Side, type Stage, type Values } from '../experiment';
import type { Load, RunningLoad } from '../loads';

/** Which of a mesh's hops: an application and its sidecar share a pod, two sidecars do not. */
export const hops = ['in a pod', 'between pods'] as const;
export type Hop = (typeof hops)[number];

/** What is known of a case's destination before it is measured. */
export type Destination = 'takes turns' | 'as the case is';

/** A case that says what to run; where, and so the address, follows from the side. */
export interface LoadCase extends Case {
  readonly hop: Hop;
  readonly destination: Destination;
  /** Connections that stay open from slice to slice: all of them are accelerated before the first. */
  readonly lasting?: number;
  readonly program: Load['program'];
  readonly serve: Load['serve'];
  /** The client's words after the address. */
  readonly words: Load['words'];
  /** Whether each slice needs processes of its own. */
  readonly once?: true;
  /** Turns what was printed into quantities. */
  quantities(printed: Values): Values;
}

/** Everything of an experiment but how it is run. */
export type LoadPlan = Omit<Experiment<LoadCase>, 'open'>;

/** A slice before the first that counts: buffers have grown, and what the connections are like has shown. */
const warmUpSlices = 2;

/** A destination is known by what happened there before: cases that are unlike have a port each. */
const sharedPort = 8000;

export function podExperiment(plan: LoadPlan): Experiment<LoadCase> {
  return { ...plan, open: async (pace) => new PodStage(plan, pace, await BenchNode.open()) };
}

class PodStage implements Stage<LoadCase> {
  private readonly running = new Map<Side, RunningLoad>();

  constructor(
    private readonly plan: LoadPlan,
    private readonly pace: Pace,
    private readonly node: BenchNode,
  ) {}

  async prepare(it: LoadCase): Promise<void> {
    if (it.destination === 'takes turns') await this.node.prime(this.load(it, 'accelerated'));
    if (it.once) return;
    for (const side of this.plan.sides) this.running.set(side, await this.start(it, side));
    for (let slice = 0; slice < warmUpSlices; slice += 1) {
      for (const running of this.running.values()) await running.slice(sliceOf(it, this.pace));
    }
  }

  async run(it: LoadCase, side: Side): Promise<Values> {
    const before = this.node.bytes();
    const printed = await this.slice(it, side);
    const after = this.node.bytes();
    const [fast, tcp] = [Number(after.fast - before.fast), Number(after.tcp - before.tcp)];
    return { ...it.quantities(printed), ...(side === 'accelerated' ? { redirected: (100 * fast) / Math.max(1, fast + tcp) } : {}) };
  }

  async finish(): Promise<void> {
    await Promise.all([...this.running.values()].map((load) => load.stop()));
    this.running.clear();
  }

  close(): Promise<void> {
    return this.node.close();
  }

  private async start(it: LoadCase, side: Side): Promise<RunningLoad> {
    const running = await this.node.start(this.load(it, side));
    if (side === 'accelerated' && it.lasting !== undefined) await this.node.allAccelerated(it.lasting);
    return running;
  }

  private async slice(it: LoadCase, side: Side): Promise<Values> {
    const running = this.running.get(side) ?? (await this.start(it, side));
    try {
      return await running.slice(sliceOf(it, this.pace));
    } finally {
      if (it.once) await running.stop();
    }
  }

  private load(it: LoadCase, side: Side): Load {
    const { client, server: other } = side === 'accelerated' ? this.node.accelerated : this.node.plain;
    const server = it.hop === 'in a pod' ? client : other;
    const host = it.hop === 'in a pod' ? '127.0.0.1' : server.pod.address;
    const port = it.destination === 'takes turns' ? sharedPort : sharedPort + 1 + this.plan.cases.indexOf(it);
    const { serve, program, words } = it;
    return { client, server, address: side === 'unix' ? `unix:${it.name}` : `${host}:${port}`, serve, program, words };
  }
}
