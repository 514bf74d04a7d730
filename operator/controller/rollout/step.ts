// One step of a rollout, as a pure function of what is seen, what is wanted and what is remembered: whoever takes it, takes the same.
import type { RolloutMemory } from './memory';
import { type NodeState, type RolloutNode, stateOf } from './node';
import { budgetOf, canaryOf, type RolloutPolicy } from './policy';

export interface RolloutInput {
  /** The revision that the resource asks for. */
  readonly wanted: string;
  readonly nodes: readonly RolloutNode[];
  readonly policy: RolloutPolicy;
  /** Undefined before the first rollout. */
  readonly memory: RolloutMemory | undefined;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

export interface RolloutStep {
  /** The revision that the DaemonSet is to have, for pods made from now on. */
  readonly revision: string;
  /** Nodes whose agent's pod is to be deleted; the DaemonSet makes the next one. */
  readonly replace: readonly string[];
  /** To be stored before anything is replaced. */
  readonly memory: RolloutMemory;
  readonly progress: RolloutProgress;
  /** Milliseconds until time alone changes something. */
  readonly againMs: number | undefined;
}

export type RolloutStage = 'Done' | 'Canary' | 'Baking' | 'Rolling' | 'Paused' | 'Stopped' | 'RollingBack';

export interface RolloutProgress {
  readonly stage: RolloutStage;
  readonly updated: number;
  readonly verifying: readonly string[];
  readonly outdated: number;
  readonly unreachable: readonly string[];
  readonly failed: readonly { readonly node: string; readonly why: string }[];
}

export function step(input: RolloutInput): RolloutStep {
  const { nodes, policy, now } = input;
  let memory = remembered(input);
  const seen = see(nodes, memory.wanted, memory, policy, now);
  const [failure] = seen.progress.failed;
  if (memory.failure === undefined && failure !== undefined) memory = { ...memory, failure };
  if (memory.failure !== undefined) return afterFailure(input, memory, seen);
  if (seen.of('Outdated').length === 0 && seen.of('Verifying').length === 0) {
    // Nodes that cannot be reached now are brought along when they come back: nobody waits for them.
    const done = { ...memory, proven: memory.wanted, bakingSince: undefined };
    return { revision: done.wanted, replace: [], memory: done, progress: { ...seen.progress, stage: 'Done' }, againMs: undefined };
  }
  return onward(input, memory, seen);
}

/** Begins anew when something else is wanted; nodes keep their known problems, new ones are noted as they are before their update. */
function remembered({ wanted, memory, nodes }: RolloutInput): RolloutMemory {
  if (memory?.wanted === wanted) return memory;
  const given = nodes.flatMap(({ name, pod }) => (pod?.report !== undefined && pod.report.problems.length > 0 ? [[name, pod.report.problems] as const] : []));
  return { wanted, proven: memory?.proven, knownProblems: Object.fromEntries(given), bakingSince: undefined, failure: undefined };
}

interface Seen {
  readonly progress: RolloutProgress;
  of(state: NodeState['is']): readonly string[];
}

function see(nodes: readonly RolloutNode[], target: string, { knownProblems, proven }: RolloutMemory, { patience }: RolloutPolicy, now: number): Seen {
  // On the first revision of all there is no "before": a problem is then the node's own.
  const known = ({ name, pod }: RolloutNode): readonly string[] => (proven === undefined ? (pod?.report?.problems ?? []) : (knownProblems[name] ?? []));
  const states = nodes.map((node) => ({ node: node.name, state: stateOf(node, target, known(node), patience, now) }));
  const of = (is: NodeState['is']): string[] => states.filter(({ state }) => state.is === is).map(({ node }) => node).sort();
  const failed = states.flatMap(({ node, state }) => (state.is === 'Failed' ? [{ node, why: state.why }] : []));
  const progress = { stage: 'Done' as const, updated: of('Updated').length, verifying: of('Verifying'), outdated: of('Outdated').length, unreachable: of('Unreachable'), failed };
  return { progress, of };
}

/** The wanted revision is good until proven otherwise: canary nodes first, then a while of nothing, then the others. */
function onward({ nodes, policy, now }: RolloutInput, memory: RolloutMemory, seen: Seen): RolloutStep {
  const canary = memory.proven === undefined ? new Set<string>() : canaryOf(policy.canary, nodes.filter(({ reachable }) => reachable).map(({ name }) => name));
  const unproven = [...seen.of('Outdated'), ...seen.of('Verifying')].filter((name) => canary.has(name));
  const { wanted } = memory;
  if (policy.paused) return { revision: wanted, replace: [], memory, progress: { ...seen.progress, stage: 'Paused' }, againMs: undefined };
  if (unproven.length > 0) {
    const replace = within(budgetOf(policy.maxUnavailable, nodes.length), seen, (name) => canary.has(name));
    return { revision: wanted, replace, memory: { ...memory, bakingSince: undefined }, progress: { ...seen.progress, stage: 'Canary' }, againMs: policy.patience.wellWithinMs };
  }
  const since = memory.bakingSince ?? now;
  const leftMs = canary.size === 0 ? 0 : since + policy.bakeMs - now;
  if (leftMs > 0) return { revision: wanted, replace: [], memory: { ...memory, bakingSince: since }, progress: { ...seen.progress, stage: 'Baking' }, againMs: leftMs };
  const replace = within(budgetOf(policy.maxUnavailable, nodes.length), seen, () => true);
  return { revision: wanted, replace, memory: { ...memory, bakingSince: since }, progress: { ...seen.progress, stage: 'Rolling' }, againMs: policy.patience.wellWithinMs };
}

/** Stops where it is, or brings the last good revision back to the nodes that have left it; that goes on also when paused. */
function afterFailure({ nodes, policy, now }: RolloutInput, memory: RolloutMemory, wanted: Seen): RolloutStep {
  const { proven } = memory;
  if (policy.onFailure === 'Pause' || proven === undefined || proven === memory.wanted) {
    return { revision: memory.wanted, replace: [], memory, progress: { ...wanted.progress, stage: 'Stopped' }, againMs: undefined };
  }
  const back = see(nodes, proven, memory, policy, now);
  const replace = within(budgetOf(policy.maxUnavailable, nodes.length), back, () => true);
  const stage = back.of('Outdated').length + back.of('Verifying').length > 0 ? 'RollingBack' : 'Stopped';
  return { revision: proven, replace, memory, progress: { ...back.progress, stage }, againMs: stage === 'RollingBack' ? policy.patience.wellWithinMs : undefined };
}

/** The next nodes to replace: as many as may be without a proven agent, those that are without one already counted in. */
function within(budget: number, seen: Seen, may: (name: string) => boolean): string[] {
  const unavailable = seen.of('Verifying').length + seen.progress.failed.length;
  return seen.of('Outdated').filter(may).slice(0, Math.max(0, budget - unavailable));
}
