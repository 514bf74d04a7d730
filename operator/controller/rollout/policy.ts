// How a new revision of the agents is to reach the nodes.
import type { Patience } from './node';

export interface RolloutPolicy {
  /** The first nodes: so many, or those with these names (from a node selector). None: no canary, no bake. */
  readonly canary: { readonly count: number } | { readonly names: readonly string[] };
  /** How long all canary nodes must have been well before the others follow, in milliseconds. */
  readonly bakeMs: number;
  /** Nodes whose agent may be missing or unproven at a time: a count, or percent of all nodes (rounded up, at least one). */
  readonly maxUnavailable: number | `${number}%`;
  readonly paused: boolean;
  readonly onFailure: 'Pause' | 'RollBack';
  readonly patience: Patience;
}

/** At least one: a rollout that may touch nothing would never end. */
export function budgetOf(maxUnavailable: RolloutPolicy['maxUnavailable'], nodes: number): number {
  const count = typeof maxUnavailable === 'number' ? maxUnavailable : Math.ceil((nodes * Number.parseInt(maxUnavailable, 10)) / 100);
  return Math.max(1, count);
}

/** By name: every controller chooses the same. @param names of all nodes that may be updated */
export function canaryOf(canary: RolloutPolicy['canary'], names: readonly string[]): ReadonlySet<string> {
  if ('names' in canary) return new Set(canary.names.filter((name) => names.includes(name)));
  return new Set([...names].sort().slice(0, canary.count));
}

/** True when others must wait for canary nodes, also for such as are not there now. */
export function wantsCanary({ canary }: RolloutPolicy): boolean {
  return 'names' in canary || canary.count > 0;
}
