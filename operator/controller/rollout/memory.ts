// All that a rollout has to remember between two steps; it is stored in the cluster, so that any controller can go on from it.
import type { KnownNode } from './node';
import type { Trial } from './trial';

export interface RolloutMemory {
  /** The revision that the resource asks for. */
  readonly wanted: string;
  /** The last revision that reached every node: what is gone back to. Undefined before the first. */
  readonly proven: string | undefined;
  /** Milliseconds since the epoch: when this revision began to be wanted. */
  readonly startedAt: number;
  /** By which orders the shares in `before` were measured: under others they say nothing. */
  readonly measure: string;
  /** How nodes were when the rollout began: those that were not well or had problems, and canary nodes. */
  readonly before: Readonly<Record<string, KnownNode>>;
  /** The nodes that go first, while there is something to go back to. */
  readonly canary: readonly string[];
  /** Of nodes that were updated as canaries. */
  readonly trials: Readonly<Record<string, Trial>>;
  /** Milliseconds since the epoch: since when all canary nodes have been well. */
  readonly bakingSince: number | undefined;
  /** Why the wanted revision goes no further; empty while nothing is wrong with it. */
  readonly failures: readonly RolloutFailure[];
}

/** There is something to go back to. On the first revision of all, and on one that has reached every node, nothing is held against it. */
export function isGuarded({ proven, wanted }: RolloutMemory): boolean {
  return proven !== undefined && proven !== wanted;
}

export interface RolloutFailure {
  readonly node: string;
  readonly why: string;
}
