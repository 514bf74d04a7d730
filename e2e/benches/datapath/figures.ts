// Every figure of the benchmark and what it must reach: the one list that tables, plots and bench.json are made from.
import type { Case, Experiment, Side } from './experiment';
import { briefConnections } from './experiments/briefConnections';
import { bystanders } from './experiments/bystanders';
import { chains, isTcpChain } from './experiments/chains';
import { stalledReaders } from './experiments/stalledReaders';
import { streams } from './experiments/streams';
import { systemCalls } from './experiments/systemCalls';
import { isLargeTurn, manyConnections, roundTrips } from './experiments/turns';
import type { QuantityName } from './quantities';

/** A ratio and which side of it is good. */
export type Goal = { readonly atMost: number } | { readonly atLeast: number };

/** One comparison of two sides of an experiment: `side` divided by `against`. */
export interface Figure {
  /** As bench.json and --only have it; two experiments may share one. */
  readonly name: string;
  readonly title: string;
  readonly experiment: Experiment;
  readonly side: Side;
  readonly against: Side;
  /** What is divided. */
  readonly quantity: QuantityName;
  /** What else the table shows of both sides. */
  readonly beside: readonly QuantityName[];
  /** Cases of the experiment that belong to the figure; all without. */
  readonly of?: (name: string) => boolean;
  /** What cases must reach: each the first that is meant for it. */
  readonly must?: readonly Requirement[];
}

export interface Requirement {
  readonly goal: Goal;
  /** Cases that must reach it; all without. */
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

/** Whether a ratio is as good as it must be. */
export function reaches(ratio: number, goal: Goal): boolean {
  return 'atMost' in goal ? ratio <= goal.atMost : ratio >= goal.atLeast;
}

/** What a case must reach; undefined where nothing must be. */
export function goalOf({ must = [] }: Figure, it: Case): Goal | undefined {
  return must.find(({ of = () => true }) => of(it))?.goal;
}

/** Whether there is still such a case; one that was measured in earlier times may have lost its name. */
export function isKnown({ experiment, case: name }: { readonly experiment: string; readonly case: string }): boolean {
  return figures.some((figure) => figure.experiment.name === experiment && figure.experiment.cases.some((it) => it.name === name));
}
