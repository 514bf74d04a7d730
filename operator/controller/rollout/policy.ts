// How a new revision of the agents is to reach the nodes.
import type { Patience, RolloutNode } from './node';

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

/** So many nodes can be outvoted: of two that disagree nobody knows which is right. */
const fewWitnesses = 3;

/**
 * Whether these failures are the revision's. What is known of a node is what the node says, and one that lies must not hold back every
 * revision: one alone decides where there are hardly others, or where it was named as the only canary.
 * @param failed names of nodes
 * @param witnesses how many nodes were well before
 */
export function isDecisive({ canary }: RolloutPolicy, failed: readonly string[], witnesses: number): boolean {
  const isOnlyCanary = 'names' in canary && canary.names.length === 1 && failed.some((name) => canary.names.includes(name));
  return failed.length > 1 || (failed.length === 1 && (witnesses < fewWitnesses || isOnlyCanary));
}

/**
 * The nodes that go first. By count they are those chosen before, as long as they are there, and then the best witnesses
 * by name: a node that joins must not begin the waiting anew, and one that cannot accelerate would prove nothing.
 * @param nodes that may be updated
 * @param chosen names, of before
 */
export function canaryOf(canary: RolloutPolicy['canary'], nodes: readonly RolloutNode[], chosen: readonly string[]): string[] {
  const there = new Set(nodes.map(({ name }) => name));
  if ('names' in canary) return canary.names.filter((name) => there.has(name));
  const kept = chosen.filter((name) => there.has(name)).slice(0, canary.count);
  if (kept.length === canary.count) return kept;
  const others = nodes.filter(({ name }) => !kept.includes(name)).sort((a, b) => doubtOf(a) - doubtOf(b) || (a.name < b.name ? -1 : 1));
  return [...kept, ...others.slice(0, canary.count - kept.length).map(({ name }) => name)];
}

/** 0 for a node with selected pods, 1 for one that could accelerate, 2 for one that cannot or does not speak. What it counts has no say. */
function doubtOf({ pod }: RolloutNode): number {
  const report = pod?.report;
  if (report === undefined || report.problems.length > 0) return 2;
  return report.serves ? 0 : 1;
}

/** True when others must wait for canary nodes, also for such as are not there now. */
export function wantsCanary({ canary }: RolloutPolicy): boolean {
  return 'names' in canary || canary.count > 0;
}
