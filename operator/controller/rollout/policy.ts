// The rules of a rollout: canary nodes, budget, and which failures count.
import type { Thresholds, RolloutNode } from './node';

export interface RolloutPolicy {
  /** Canary nodes: a number, or the names of nodes (from a node selector). With a number of 0 there is no canary and no bake. */
  readonly canary: { readonly count: number } | { readonly names: readonly string[] };
  /** Milliseconds for which all canary nodes must be healthy before other nodes are updated. */
  readonly bakeMs: number;
  /** Nodes whose agent may be missing or not verified at a time: a number, or percent of all nodes (rounded up, at least one). */
  readonly maxUnavailable: number | `${number}%`;
  readonly paused: boolean;
  readonly onFailure: 'Pause' | 'RollBack';
  readonly thresholds: Thresholds;
}

/** The number of nodes for maxUnavailable; at least one, because a rollout with none would never end. */
export function budgetOf(maxUnavailable: RolloutPolicy['maxUnavailable'], nodes: number): number {
  const count = typeof maxUnavailable === 'number' ? maxUnavailable : Math.ceil((nodes * Number.parseInt(maxUnavailable, 10)) / 100);
  return Math.max(1, count);
}

/** Number of witnesses from which the failure of a single node does not count: of two nodes that differ, either may be right. */
const fewWitnesses = 3;

/**
 * True when these failures count against the revision. A node's state is what the node itself reports, and one faulty or malicious node must not
 * stop every revision. So the failure of one node counts only when there are fewer than three witnesses, or when the node is the only canary by
 * name.
 * @param failed names of failed nodes
 * @param witnesses number of nodes that were healthy before
 */
export function isDecisive({ canary }: RolloutPolicy, failed: readonly string[], witnesses: number): boolean {
  const isOnlyCanary = 'names' in canary && canary.names.length === 1 && failed.some((name) => canary.names.includes(name));
  return failed.length > 1 || (failed.length === 1 && (witnesses < fewWitnesses || isOnlyCanary));
}

/**
 * Names of the canary nodes. With a number, the nodes that were chosen before stay, so that a node that joins does not restart the bake. Further
 * ones are nodes with selected pods, then nodes that can accelerate, then others, each sorted by name.
 * @param nodes nodes that may be updated
 * @param chosen names of the canary nodes before
 */
export function canaryOf(canary: RolloutPolicy['canary'], nodes: readonly RolloutNode[], chosen: readonly string[]): string[] {
  const there = new Set(nodes.map(({ name }) => name));
  if ('names' in canary) return canary.names.filter((name) => there.has(name));
  const kept = chosen.filter((name) => there.has(name)).slice(0, canary.count);
  if (kept.length === canary.count) return kept;
  const others = nodes.filter(({ name }) => !kept.includes(name)).sort((a, b) => doubtOf(a) - doubtOf(b) || (a.name < b.name ? -1 : 1));
  return [...kept, ...others.slice(0, canary.count - kept.length).map(({ name }) => name)];
}

/** Rank as a canary: 0 with selected pods, 1 without, 2 with a problem or without a report. The node's counters do not matter. */
function doubtOf({ pod }: RolloutNode): number {
  const report = pod?.report;
  if (report === undefined || report.problems.length > 0) return 2;
  return report.serves ? 0 : 1;
}

/** True when other nodes must wait for canary nodes, also when no canary node exists at present. */
export function wantsCanary({ canary }: RolloutPolicy): boolean {
  return 'names' in canary || canary.count > 0;
}
