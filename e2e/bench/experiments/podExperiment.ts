// Experiments between test pods: a load inside the product's reach against the same load beside it.
import { BenchNode, type Load } from '../benchNode';
import type { Case, Experiment, Pace, Side, Stage, Values } from '../experiment';

/** Which of a mesh's hops: an application and its sidecar share a pod, two sidecars do not. */
export const hops = ['in a pod', 'between pods'] as const;
export type Hop = (typeof hops)[number];

/** A case that says what to run; the address and which cgroup it is in follow from the side. */
export interface LoadCase extends Case {
  readonly hop: Hop;
  readonly program: Load['program'];
  readonly serve: Load['serve'];
  /** The client's words after the address. */
  words(pace: Pace): Load['words'];
  /** Turns what was printed into quantities. */
  quantities(printed: Values): Values;
}

/** Everything of an experiment but how it is run. */
export type LoadPlan = Omit<Experiment<LoadCase>, 'open'>;

/** Each case has a port of its own, the same in every round: a destination is known by what happened there before. */
const firstPort = 8000;

export function podExperiment(plan: LoadPlan): Experiment<LoadCase> {
  return { ...plan, open: async (pace) => new PodStage(plan, pace, await BenchNode.open()) };
}

class PodStage implements Stage<LoadCase> {
  constructor(
    private readonly plan: LoadPlan,
    private readonly pace: Pace,
    private readonly node: BenchNode,
  ) {}

  async run(it: LoadCase, side: Side): Promise<Values> {
    const before = this.node.bytes();
    const printed = await this.node.run(this.load(it, side));
    const after = this.node.bytes();
    const [fast, tcp] = [Number(after.fast - before.fast), Number(after.tcp - before.tcp)];
    return { ...it.quantities(printed), ...(side === 'accelerated' ? { redirected: (100 * fast) / (fast + tcp) } : {}) };
  }

  close(): Promise<void> {
    return this.node.close();
  }

  private load(it: LoadCase, side: Side): Load {
    const { client } = this.node;
    const server = it.hop === 'in a pod' ? client : this.node.server;
    const host = it.hop === 'in a pod' ? '127.0.0.1' : server.address;
    const within = side === 'accelerated';
    return {
      client,
      server,
      within: { client: within, server: within },
      address: side === 'unix' ? `unix:${it.name}` : `${host}:${firstPort + this.plan.cases.indexOf(it)}`,
      serve: it.serve,
      program: it.program,
      words: it.words(this.pace),
    };
  }
}
