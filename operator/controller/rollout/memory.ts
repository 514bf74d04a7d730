// All that a rollout has to remember between two steps; it is stored in the cluster, so that any controller can go on from it.

export interface RolloutMemory {
  /** The revision that the resource asks for. */
  readonly wanted: string;
  /** The last revision that reached every node: what is gone back to. Undefined before the first. */
  readonly proven: string | undefined;
  /** Reasons each node gave against acceleration when the rollout began; nodes without any are left out. */
  readonly knownProblems: Readonly<Record<string, readonly string[]>>;
  /** Milliseconds since the epoch: since when all canary nodes have been well. */
  readonly bakingSince: number | undefined;
  /** Why the wanted revision goes no further; undefined while nothing is wrong with it. */
  readonly failure: RolloutFailure | undefined;
}

export interface RolloutFailure {
  readonly node: string;
  readonly why: string;
}
