// Every figure of the benchmark and its goals: tables, plots and bench.json are all made from this list.
import type { Case, Experiment, Side } from './experiment';
import { briefConnections } from './experiments/briefConnections';
import { bystanders } from './experiments/bystanders';
import { chains, isTcpChain } from './experiments/chains';
import { stalledReaders } from './experiments/stalledReaders';
import { streams } from './experiments/streams';
import { systemCalls } from './experiments/systemCalls';
import { isLargeTurn, manyConnections, roundTrips } from './experiments/turns';
import type { QuantityName } from './quantities';

/** A bound for a ratio, from above or from below. */
export type Goal = { readonly atMost: number } | { readonly atLeast: number };

/** One comparison of two sides of an experiment: `side` divided by `against`. */
export interface Figure {
  /** The name in bench.json and for --only; figures of two experiments may have the same. */
  readonly name: string;
  readonly title: string;
  readonly experiment: Experiment;
  readonly side: Side;
  readonly against: Side;
  /** The quantity whose values are divided. */
  readonly quantity: QuantityName;
  /** Other quantities that the table shows for both sides. */
  readonly beside: readonly QuantityName[];
  /** Which cases of the experiment belong to the figure; all cases when undefined. */
  readonly of?: (name: string) => boolean;
  /** The goals. For each case the first goal whose `of` holds counts. */
  readonly must?: readonly Requirement[];
}

export interface Requirement {
  readonly goal: Goal;
  /** Which cases must reach the goal; all cases when undefined. */
  readonly of?: (it: Case) => boolean;
}

export const figures: readonly Figure[] = [
  {
    name: 'rtt-vs-unix',
    title: 'Round trip against AF_UNIX',
    experiment: roundTrips,
    side: 'accelerated',
    against: 'unix',
    quantity: 'rttUs',
    beside: ['kernelUs', 'redirected'],
    must: [{ goal: { atMost: 0.9 }, of: isLargeTurn }, { goal: { atMost: 1.05 } }],
  },
  {
    name: 'rtt-vs-tcp',
    title: 'Round trip against plain TCP',
    experiment: roundTrips,
    side: 'accelerated',
    against: 'tcp',
    quantity: 'rttUs',
    beside: ['kernelUs'],
  },
  {
    name: 'stream-vs-tcp',
    title: 'One-way streams against plain TCP',
    experiment: streams,
    side: 'accelerated',
    against: 'tcp',
    quantity: 'gbitPerSecond',
    beside: ['kernelUsPerMiB', 'redirected'],
    must: [{ goal: { atLeast: 0.98 } }],
  },
  {
    name: 'short-vs-tcp',
    title: 'Connections of few requests against plain TCP',
    experiment: briefConnections,
    side: 'accelerated',
    against: 'tcp',
    quantity: 'connectionsPerSecond',
    beside: ['kernelUs', 'redirected'],
    must: [{ goal: { atLeast: 0.98 }, of: ({ name }) => name.startsWith('1 request ') }],
  },
  {
    name: 'rtt-vs-tcp',
    title: 'Round trip of many connections against plain TCP',
    experiment: manyConnections,
    side: 'accelerated',
    against: 'tcp',
    quantity: 'rttUs',
    beside: ['requestsPerSecond', 'kernelUs', 'redirected'],
  },
  {
    name: 'bystander-vs-none',
    title: 'Traffic that is not accelerated, against a node without the product',
    experiment: bystanders,
    side: 'beside',
    against: 'none',
    quantity: 'workPerSecond',
    beside: [],
    must: [{ goal: { atLeast: 0.98 } }],
  },
  {
    name: 'syscalls-vs-none',
    title: 'System calls of an unrelated process, against a node without the product',
    experiment: systemCalls,
    side: 'beside',
    against: 'none',
    quantity: 'callsPerSecond',
    beside: ['learning', 'watched'],
    must: [{ goal: { atLeast: 0.99 } }],
  },
  {
    name: 'stall-memory-vs-tcp',
    title: 'Memory of a stalled reader against plain TCP',
    experiment: stalledReaders,
    side: 'accelerated',
    against: 'tcp',
    quantity: 'memoryMiB',
    beside: ['takenMiB'],
    must: [{ goal: { atMost: 2 } }],
  },
  {
    name: 'chain-tcp',
    title: 'TCP through two sidecars',
    experiment: chains,
    side: 'accelerated',
    against: 'tcp',
    quantity: 'requestsPerSecond',
    beside: ['avgMs', 'p99Ms', 'kernelUs', 'errors'],
    of: isTcpChain,
    must: [{ goal: { atLeast: 1.5 } }],
  },
  {
    name: 'chain-http',
    title: 'HTTP through two sidecars',
    experiment: chains,
    side: 'accelerated',
    against: 'tcp',
    quantity: 'requestsPerSecond',
    beside: ['avgMs', 'p99Ms', 'kernelUs', 'errors'],
    of: (name) => !isTcpChain(name),
  },
];

/** Whether a ratio reaches the goal. */
export function reaches(ratio: number, goal: Goal): boolean {
  return 'atMost' in goal ? ratio <= goal.atMost : ratio >= goal.atLeast;
}

/** The goal of a case; undefined when it has none. */
export function goalOf({ must = [] }: Figure, it: Case): Goal | undefined {
  return must.find(({ of = () => true }) => of(it))?.goal;
}

/** Whether this case still exists: kept measurements may be of a case that was renamed or removed since. */
export function isKnown({ experiment, case: name }: { readonly experiment: string; readonly case: string }): boolean {
  return figures.some((figure) => figure.experiment.name === experiment && figure.experiment.cases.some((it) => it.name === name));
}
