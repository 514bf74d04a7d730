// Experiments between test pods: a load in pods with the product is compared, slice by slice, with the same load in pods without it.
import { setTimeout as pause } from 'node:timers/promises';
import { BenchNode } from '../benchNode';
import { sliceOf, type Case, type Experiment, type Pace, type Side, type Stage, type Values } from '../experiment';
import type { Load, RunningLoad } from '../loads';

/** The hop of a mesh that a case stands for: an application and its sidecar share a pod, two sidecars are in two pods. */
export const hops = ['in a pod', 'between pods'] as const;
export type Hop = (typeof hops)[number];

/** What the datapath has learnt of a case's destination before the case is measured; for `as the case is`, only what the case itself shows. */
export type Destination = 'takes turns' | 'as the case is';

/** A case that says which programs run. The side decides in which pods, and so at which address. */
export interface LoadCase extends Case {
  readonly hop: Hop;
  readonly destination: Destination;
  /** The number of connections that stay open from slice to slice. The first slice begins when all of them are accelerated. */
  readonly lasting?: number;
  readonly program: Load['program'];
  readonly serve: Load['serve'];
  /** The arguments of the client after the address. */
  readonly words: Load['words'];
  /** True when each slice needs new processes. */
  readonly once?: true;
  /** Computes the quantities from what the client printed. */
  quantities(printed: Values): Values;
}

/** An experiment without the function that sets it up. */
export type LoadPlan = Omit<Experiment<LoadCase>, 'open'>;

/** Slices that run before the first one that counts. Meanwhile socket buffers grow, and the datapath finds out whether the connections take turns. */
const warmUpSlices = 2;

/** How long to wait for a connection that sends over TCP for a moment, to measure TCP's timer or because it has left the map. */
const joinedAgain = { withinMs: 30_000, everyMs: 200, percent: 90 } as const;

/**
 * The datapath has one history for each destination address and port. Cases whose connections take turns share this port; each other case has its
 * own.
 */
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
    if (it.program === 'turns' && this.running.has('accelerated')) await this.untilRedirected(it);
  }

  /** Waits until nearly all bytes of the load are redirected. @throws when that takes too long */
  private async untilRedirected(it: LoadCase): Promise<void> {
    const deadline = performance.now() + joinedAgain.withinMs;
    for (;;) {
      const { redirected = 0 } = await this.run(it, 'accelerated');
      if (redirected >= joinedAgain.percent) return;
      if (performance.now() > deadline)
        throw new Error(`${it.name}: ${Math.round(redirected)} % of its bytes are redirected, even ${joinedAgain.withinMs / 1000} s after it began`);
      await pause(joinedAgain.everyMs);
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
