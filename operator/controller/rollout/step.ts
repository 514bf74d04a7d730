// One step of a rollout: a pure function of the observed nodes, the wanted revision and the stored state, so that every controller takes the
// same step.
import { type AsideReason, maxListedFailures, type RolloutStage } from '../../api';
import { isGuarded, type RolloutFailure, type RolloutMemory } from './memory';
import { failed as failedOf, isWitness, type KnownNode, type NodeState, type RolloutNode, stateOf } from './node';
import { budgetOf, canaryOf, isDecisive, type RolloutPolicy, wantsCanary } from './policy';
import { firstOf } from './shares';
import { lostBy, trialOf } from './trial';

export interface RolloutInput {
  /** The revision of the resource. */
  readonly wanted: string;
  /** The revision of the DaemonSet's template; undefined while it does not exist. */
  readonly current: string | undefined;
  readonly nodes: readonly RolloutNode[];
  readonly policy: RolloutPolicy;
  /** Identifies the order under which nodes accelerate now; shares that were measured under another order are not compared. */
  readonly measure: string;
  /** Undefined before the first rollout. */
  readonly memory: RolloutMemory | undefined;
  /** Milliseconds since the epoch at which this controller began to observe. */
  readonly lookingSince: number;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

export interface RolloutStep {
  /** The revision that the DaemonSet must have for pods that are created from now on. */
  readonly revision: string;
  /** Nodes whose agent's pod must be deleted, so that the DaemonSet creates a new one. */
  readonly replace: readonly string[];
  /** State that must be stored before a pod is deleted. */
  readonly memory: RolloutMemory;
  readonly progress: RolloutProgress;
  /** Nodes for which the rollout does not wait. A later wait for them is measured from now on. */
  readonly fine: readonly string[];
  /** Milliseconds until the passing of time alone can change the step; undefined when it cannot. */
  readonly againMs: number | undefined;
}

export interface RolloutProgress {
  readonly stage: RolloutStage;
  readonly updated: number;
  readonly verifying: readonly string[];
  readonly outdated: number;
  readonly aside: readonly { readonly node: string; readonly reason: AsideReason }[];
  readonly failed: readonly RolloutFailure[];
}

/** Takes a step. */
export function step(input: RolloutInput): RolloutStep {
  const { nodes } = input;
  const { wanted } = input;
  let memory = remembered(input);
  const seen = see(input, wanted, memory);
  memory = withCanary(input, memory, seen);
  const { failed } = seen.progress;
  if (isGuarded(memory) && memory.failures.length === 0) memory = { ...memory, failures: failed.slice(0, maxListedFailures) };
  if (memory.failures.length > 0) return afterFailure(input, memory, seen);
  // Once a revision has reached every node, unhealthy agents are no matter of the rollout: they may just be applying a new order.
  const everywhere = memory.proven === wanted;
  const open = seen.of('Outdated').length + (everywhere ? 0 : seen.of('Verifying').length);
  if (open === 0 && (everywhere || seen.progress.updated > 0 || nodes.length === 0)) {
    // Nodes that are set aside now are updated when they are back; the rollout does not wait for them.
    const done: RolloutMemory = { ...memory, proven: wanted, before: {}, canary: [], trials: {}, bakingSince: undefined };
    return { revision: wanted, replace: [], memory: done, progress: { ...seen.progress, stage: 'Done' }, fine: seen.fine, againMs: undefined };
  }
  return onward(input, memory, seen);
}

/** The stored state; for another wanted revision a new state, with the nodes before their update. */
function remembered({ wanted, current, memory, nodes, measure, now }: RolloutInput): RolloutMemory {
  if (memory?.wanted === wanted) return memory;
  // Without a stored state, the revision of the present agents is the one to return to.
  const proven = memory === undefined ? (current === wanted ? undefined : current) : memory.proven;
  const troubled = nodes.filter(({ aside, pod }) => aside === undefined && (pod?.ready !== true || (pod.report?.problems.length ?? 0) > 0));
  const before = knownWith({}, troubled);
  return { wanted, proven, startedAt: now, measure, before, canary: [], trials: {}, bakingSince: undefined, failures: [] };
}

/** Adds the canary nodes to the state, and for each new canary node its state before the update. */
function withCanary({ wanted, nodes, policy }: RolloutInput, memory: RolloutMemory, seen: Seen): RolloutMemory {
  if (!isGuarded(memory)) return memory;
  const aside = new Set(seen.of('Aside'));
  const canary = canaryOf(
    policy.canary,
    nodes.filter(({ name }) => !aside.has(name)),
    memory.canary,
  );
  const fresh = nodes.filter(({ name, pod }) => canary.includes(name) && pod !== undefined && pod.revision !== wanted && !(name in memory.before));
  const before = fresh.length === 0 ? memory.before : knownWith(memory.before, fresh);
  return { ...memory, before, canary, trials: seen.trials };
}

/**
 * Most nodes whose shares are remembered, and most namespaces of each. The memory is one object of the API server, of 1 MiB at most, while there
 * may be thousands of canary nodes; two nodes that are worse stop a revision.
 */
const mostCompared = { nodes: 64, namespaces: 16 };

/** The known nodes with further ones as they are now. */
function knownWith(before: RolloutMemory['before'], nodes: readonly RolloutNode[]): RolloutMemory['before'] {
  let room = mostCompared.nodes - Object.values(before).filter(({ shares }) => Object.keys(shares).length > 0).length;
  const added = nodes.map(({ name, pod }): [string, KnownNode] => {
    const shares = room > 0 ? firstOf(pod?.report?.shares ?? {}, mostCompared.namespaces) : {};
    if (Object.keys(shares).length > 0) room -= 1;
    return [name, { problems: pod?.report?.problems ?? [], shares, well: pod?.ready === true }];
  });
  return { ...before, ...Object.fromEntries(added) };
}

interface Seen {
  readonly progress: RolloutProgress;
  readonly fine: readonly string[];
  /** Trials to store. */
  readonly trials: RolloutMemory['trials'];
  /** Names of the nodes in a state, nodes without a ready agent first. */
  of(state: NodeState['is']): readonly string[];
}

function see({ nodes, policy, measure, lookingSince, now }: RolloutInput, target: string, memory: RolloutMemory): Seen {
  const { thresholds } = policy;
  const comparable = memory.measure === measure;
  const startedAt = isGuarded(memory) ? memory.startedAt : undefined;
  const witnesses = nodes.filter((node) => node.aside === undefined && isWitness(node, { startedAt, before: memory.before[node.name] })).length;
  const witnessed = startedAt === undefined || witnesses > 0;
  const judged = nodes.map((node) => {
    const known = memory.before[node.name];
    const before = known === undefined || comparable ? known : { ...known, shares: {} };
    const standard = { target, startedAt, before, witnessed, thresholds, now };
    const state = stateOf(node, standard);
    const isTried = target === memory.wanted && startedAt !== undefined && (node.name in memory.trials || memory.canary.includes(node.name));
    const trial = isTried ? trialOf(memory.trials[node.name], state, policy, now) : undefined;
    const lost = trial === undefined || state.is === 'Failed' ? undefined : lostBy(trial, policy, lookingSince, now);
    return { node: node.name, ready: node.pod?.ready === true, state: lost === undefined ? state : failedOf(node, lost, standard), trial };
  });
  const trials = Object.fromEntries(judged.flatMap(({ node, trial }) => (trial === undefined ? [] : [[node, trial]])));
  const failing = judged.filter(({ state }) => state.is === 'Failed').map(({ node }) => node);
  const isOutvoted = startedAt !== undefined && memory.failures.length === 0 && failing.length > 0 && !isDecisive(policy, failing, witnesses);
  const states = judged.map((each) =>
    isOutvoted && each.state.is === 'Failed' ? { ...each, state: { is: 'Aside', reason: 'FailedAlone' } as const } : each,
  );
  states.sort((a, b) => Number(a.ready) - Number(b.ready) || (a.node < b.node ? -1 : 1));
  const of = (is: NodeState['is']): string[] => states.filter(({ state }) => state.is === is).map(({ node }) => node);
  const failed = states.flatMap(({ node, state }) => (state.is === 'Failed' ? [{ node, why: state.why }] : []));
  const aside = states.flatMap(({ node, state }) => (state.is === 'Aside' ? [{ node, reason: state.reason }] : []));
  const progress = {
    stage: 'Done' as const,
    updated: of('Updated').length,
    verifying: of('Verifying'),
    outdated: of('Outdated').length,
    aside,
    failed,
  };
  return { progress, fine: [...of('Updated'), ...of('Outdated')], trials, of };
}

/** Goes on with the wanted revision: canary nodes first, then the bake, then the other nodes. */
function onward(input: RolloutInput, memory: RolloutMemory, seen: Seen): RolloutStep {
  const { nodes, policy, now } = input;
  const { wanted } = memory;
  const at = (stage: RolloutStage, replace: readonly string[], bakingSince: number | undefined, againMs: number | undefined): RolloutStep => ({
    revision: wanted,
    replace,
    memory: { ...memory, bakingSince },
    progress: { ...seen.progress, stage },
    fine: seen.fine,
    againMs,
  });
  const replace = (may: (name: string) => boolean): string[] => nextOf(seen, budgetOf(policy.maxUnavailable, nodes.length), may);
  const { wellWithinMs } = policy.thresholds;
  if (policy.paused)
    return { ...at('Paused', [], memory.bakingSince, undefined), revision: begun(nodes, wanted) ? wanted : (memory.proven ?? wanted) };
  if (!isGuarded(memory) || !wantsCanary(policy))
    return at(
      'Rolling',
      replace(() => true),
      undefined,
      wellWithinMs,
    );
  const canary = new Set(memory.canary);
  const proven = canary.size > 0 && [...seen.of('Outdated'), ...seen.of('Verifying')].every((name) => !canary.has(name));
  if (!proven)
    return at(
      'Canary',
      replace((name) => canary.has(name)),
      undefined,
      wellWithinMs,
    );
  const since = memory.bakingSince ?? now;
  const leftMs = since + policy.bakeMs - now;
  return leftMs > 0
    ? at('Baking', [], since, leftMs)
    : at(
        'Rolling',
        replace(() => true),
        since,
        wellWithinMs,
      );
}

/** True when a node has the wanted revision. Before that a paused rollout keeps the former template for pods that are created for other reasons. */
function begun(nodes: readonly RolloutNode[], wanted: string): boolean {
  return nodes.some(({ pod }) => pod?.revision === wanted);
}

/** After a failure: stops, or returns the updated nodes to the last verified revision. */
function afterFailure(input: RolloutInput, memory: RolloutMemory, wanted: Seen): RolloutStep {
  const { nodes, policy } = input;
  const { proven } = memory;
  if (policy.onFailure === 'Pause' || proven === undefined) {
    return {
      revision: memory.wanted,
      replace: [],
      memory,
      progress: { ...wanted.progress, stage: 'Stopped' },
      fine: wanted.fine,
      againMs: undefined,
    };
  }
  const back = see(input, proven, memory);
  const open = back.of('Outdated').length + back.of('Verifying').length;
  const stage = open === 0 ? 'Stopped' : policy.paused ? 'Paused' : 'RollingBack';
  const replace = stage === 'RollingBack' ? nextOf(back, budgetOf(policy.maxUnavailable, nodes.length), () => true) : [];
  const againMs = stage === 'RollingBack' ? policy.thresholds.wellWithinMs : undefined;
  return { revision: proven, replace, memory, progress: { ...back.progress, stage }, fine: back.fine, againMs };
}

/** The next nodes to update, so that no more than `budget` nodes have an agent that is not verified. */
function nextOf(seen: Seen, budget: number, may: (name: string) => boolean): string[] {
  return seen
    .of('Outdated')
    .filter(may)
    .slice(0, Math.max(0, budget - seen.of('Verifying').length));
}
