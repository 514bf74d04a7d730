// The state that a rollout keeps between two steps. It is stored in the cluster, so that any controller can go on with the rollout.
import type { KnownNode } from './node';
import type { Trial } from './trial';

export interface RolloutMemory {
  /** The revision of the resource. */
  readonly wanted: string;
  /** The last revision that was verified on every node, to which a rollback returns; undefined before the first. */
  readonly proven: string | undefined;
  /** Milliseconds since the epoch at which the rollout of `wanted` began. */
  readonly startedAt: number;
  /** Identifies the order under which the shares in `before` were measured; under another order they are not compared. */
  readonly measure: string;
  /** State before the update of nodes that were not ready or had problems when the rollout began, and of canary nodes. */
  readonly before: Readonly<Record<string, KnownNode>>;
  /** Names of the canary nodes, while there is a revision to return to. */
  readonly canary: readonly string[];
  /** Trials of nodes that were updated as canaries. */
  readonly trials: Readonly<Record<string, Trial>>;
  /** Milliseconds since the epoch since which all canary nodes have been healthy. */
  readonly bakingSince: number | undefined;
  /** Nodes on which `wanted` failed, so that the rollout has stopped; empty while it goes on. */
  readonly failures: readonly RolloutFailure[];
}

/** True when there is a revision to return to. The first revision and one that has reached every node cannot fail. */
export function isGuarded({ proven, wanted }: RolloutMemory): boolean {
  return proven !== undefined && proven !== wanted;
}

export interface RolloutFailure {
  readonly node: string;
  readonly why: string;
}
