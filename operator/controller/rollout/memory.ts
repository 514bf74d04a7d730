// All that a rollout has to remember between two steps; it is stored in the cluster, so that any controller can go on from it.
import type { KnownNode } from './node';

export interface RolloutMemory {
  /** The revision that the resource asks for. */
  readonly wanted: string;
  /** The last revision that reached every node: what is gone back to. Undefined before the first. */
  readonly proven: string | undefined;
  /** How nodes were when the rollout began: those with problems, and canary nodes. */
  readonly before: Readonly<Record<string, KnownNode>>;
  /** Milliseconds since the epoch: since when all canary nodes have been well. */
  readonly bakingSince: number | undefined;
  /** Why the wanted revision goes no further; undefined while nothing is wrong with it. */
  readonly failure: RolloutFailure | undefined;
}

export interface RolloutFailure {
  readonly node: string;
  readonly why: string;
}
