// One step of a rollout, as a pure function of what is seen, what is wanted and what is remembered: whoever takes it, takes the same.
import type { RolloutMemory } from './memory';
import { type NodeState, type RolloutNode, stateOf } from './node';
import { budgetOf, canaryOf, type RolloutPolicy, wantsCanary } from './policy';

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
  const { wanted } = memory;
  const seen = see(nodes, wanted, memory, policy, now);
  const [failure] = seen.progress.failed;
  if (isGuarded(memory) && memory.failure === undefined && failure !== undefined) memory = { ...memory, failure };
  if (memory.failure !== undefined) return afterFailure(input, memory, seen);
  const open = seen.of('Outdated').length + seen.of('Verifying').length;
  if (open === 0 && (seen.progress.updated > 0 || nodes.length === 0)) {
    // Nodes that cannot be reached now are brought along when they come back: nobody waits for them.
    const done: RolloutMemory = { ...memory, proven: wanted, before: {}, bakingSince: undefined };
    return { revision: wanted, replace: [], memory: done, progress: { ...seen.progress, stage: 'Done' }, againMs: undefined };
  }
  return onward(input, memory, seen);
}

/** There is something to go back to. On the first revision of all, and on one that has reached every node, nothing is held against it. */
function isGuarded({ proven, wanted }: RolloutMemory): boolean {
  return proven !== undefined && proven !== wanted;
}

/** Begins anew when something else is wanted, with the nodes as they are before their update. */
function remembered({ wanted, memory, nodes, policy }: RolloutInput): RolloutMemory {
  if (memory?.wanted === wanted) return memory;
  const canary = canaryNodes(nodes, policy);
  const known = nodes.flatMap(({ name, pod }) => {
    const report = pod?.report;
    if (report === undefined || (report.problems.length === 0 && !canary.has(name))) return [];
    return [[name, { problems: report.problems, share: canary.has(name) ? report.share : undefined }] as const];
  });
  return { wanted, proven: memory?.proven, before: Object.fromEntries(known), bakingSince: undefined, failure: undefined };
}

function canaryNodes(nodes: readonly RolloutNode[], { canary }: RolloutPolicy): ReadonlySet<string> {
  return canaryOf(canary, nodes.filter(({ reachableSince }) => reachableSince !== undefined).map(({ name }) => name));
}

interface Seen {
  readonly progress: RolloutProgress;
  /** Names, those without a working agent first. */
  of(state: NodeState['is']): readonly string[];
}

function see(nodes: readonly RolloutNode[], target: string, memory: RolloutMemory, { patience }: RolloutPolicy, now: number): Seen {
  const states = nodes.map((node) => ({ node: node.name, ready: node.pod?.ready === true, state: stateOf(node, target, memory.before[node.name], patience, now) }));
  states.sort((a, b) => Number(a.ready) - Number(b.ready) || (a.node < b.node ? -1 : 1));
  const of = (is: NodeState['is']): string[] => states.filter(({ state }) => state.is === is).map(({ node }) => node);
  const failed = states.flatMap(({ node, state }) => (state.is === 'Failed' ? [{ node, why: state.why }] : []));
  const progress = { stage: 'Done' as const, updated: of('Updated').length, verifying: of('Verifying'), outdated: of('Outdated').length, unreachable: of('Unreachable'), failed };
  return { progress, of };
}

/** The wanted revision is good until proven otherwise: canary nodes first, then a while of nothing, then the others. */
function onward({ nodes, policy, now }: RolloutInput, memory: RolloutMemory, seen: Seen): RolloutStep {
  const { wanted } = memory;
  const at = (stage: RolloutStage, replace: readonly string[], bakingSince: number | undefined, againMs: number | undefined): RolloutStep => ({
    revision: wanted, replace, memory: { ...memory, bakingSince }, progress: { ...seen.progress, stage }, againMs,
  });
  const replace = (may: (name: string) => boolean): string[] => nextOf(seen, budgetOf(policy.maxUnavailable, nodes.length), may);
  const { wellWithinMs } = policy.patience;
  if (policy.paused) return at('Paused', [], memory.bakingSince, undefined);
  if (!isGuarded(memory) || !wantsCanary(policy)) return at('Rolling', replace(() => true), undefined, wellWithinMs);
  const canary = canaryNodes(nodes, policy);
  const proven = canary.size > 0 && [...seen.of('Outdated'), ...seen.of('Verifying')].every((name) => !canary.has(name));
  if (!proven) return at('Canary', replace((name) => canary.has(name)), undefined, wellWithinMs);
  const since = memory.bakingSince ?? now;
  const leftMs = since + policy.bakeMs - now;
  return leftMs > 0 ? at('Baking', [], since, leftMs) : at('Rolling', replace(() => true), since, wellWithinMs);
}

/** Stops where it is, or brings the last good revision back to the nodes that have left it. */
function afterFailure({ nodes, policy, now }: RolloutInput, memory: RolloutMemory, wanted: Seen): RolloutStep {
  const { proven } = memory;
  if (policy.onFailure === 'Pause' || proven === undefined) {
    return { revision: memory.wanted, replace: [], memory, progress: { ...wanted.progress, stage: 'Stopped' }, againMs: undefined };
  }
  const back = see(nodes, proven, memory, policy, now);
  const open = back.of('Outdated').length + back.of('Verifying').length;
  const stage = open === 0 ? 'Stopped' : policy.paused ? 'Paused' : 'RollingBack';
  const replace = stage === 'RollingBack' ? nextOf(back, budgetOf(policy.maxUnavailable, nodes.length), () => true) : [];
  return { revision: proven, replace, memory, progress: { ...back.progress, stage }, againMs: stage === 'RollingBack' ? policy.patience.wellWithinMs : undefined };
}

/** The next nodes to replace: no more than may be without a proven agent, those that already are counted in. */
function nextOf(seen: Seen, budget: number, may: (name: string) => boolean): string[] {
  return seen.of('Outdated').filter(may).slice(0, Math.max(0, budget - seen.of('Verifying').length));
}
