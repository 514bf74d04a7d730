// What is known of one node during a rollout, and what that says of the revision it runs.
import type { AsideReason } from '../../api';

/** Evidence is what agent and kubelet say; all of it can be read again by a controller that knows nothing of before. */
export interface RolloutNode {
  readonly name: string;
  /** Milliseconds since the epoch. */
  readonly joinedAt: number;
  /** Milliseconds since the epoch: before that it was well, was not Ready, or nobody looked. What is waited for is measured from here. */
  readonly judgedFrom: number;
  /** Why its agent is not to be replaced now, nor to be waited for. */
  readonly aside: AsideReason | undefined;
  /** Of the agent's pod; undefined while there is none, and the DaemonSet is about to make one of its newest revision. */
  readonly pod: AgentPod | undefined;
}

export interface AgentPod {
  readonly revision: string;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
  /** Its readiness probe, as the kubelet sees it. */
  readonly ready: boolean;
  /** Of an agent that ended by itself last. */
  readonly restarts: number;
  /** Of an agent that the kubelet ended last. */
  readonly kills: number;
  /** What the agent says through its stream; undefined while it has none. */
  readonly report: AgentEvidence | undefined;
}

export interface AgentEvidence {
  /** The order in force is the newest, so the programs are attached, or the node says why they cannot be. */
  readonly follows: boolean;
  /** Reasons for which this node cannot accelerate; none on a supported one. */
  readonly problems: readonly string[];
  /** Errors that this agent counted since it began. */
  readonly errors: number;
  /** Selected pods run there, as the API server has them. */
  readonly serves: boolean;
  /** Share of the open connection ends that are accelerated, 0 to 1; undefined while there are too few to tell. */
  readonly share: number | undefined;
}

/** How a node was before its update: what it could not do then is no failure of the new revision. */
export interface KnownNode {
  readonly problems: readonly string[];
  readonly share: number | undefined;
  /** Its agent was there and ready. */
  readonly well: boolean;
}

/** When a node is believed, and when it is given up. */
export interface Patience {
  /** An updated agent must be well within this time, in milliseconds. */
  readonly wellWithinMs: number;
  readonly maxRestarts: number;
  readonly maxErrors: number;
  /** An updated agent must accelerate at least this part of the share that its node accelerated before, 0 to 1. */
  readonly shareKept: number;
}

/** By what a node is judged, beside what it says. */
export interface Standard {
  /** The revision that it should run. */
  readonly target: string;
  /** Milliseconds since the epoch; nothing is known from before of nodes that joined later. Undefined when nothing is compared. */
  readonly startedAt: number | undefined;
  readonly before: KnownNode | undefined;
  /** There are nodes that were well before; without any, every node has to do as a witness. */
  readonly witnessed: boolean;
  readonly patience: Patience;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

export type NodeState =
  | { readonly is: 'Outdated' | 'Updated' }
  /** Updated, and not yet known to be well, or waiting for its new pod. */
  | { readonly is: 'Verifying' }
  | { readonly is: 'Aside'; readonly reason: AsideReason }
  | { readonly is: 'Failed'; readonly why: string };

export function stateOf(node: RolloutNode, standard: Standard): NodeState {
  const { pod, aside } = node;
  if (aside !== undefined) return { is: 'Aside', reason: aside };
  if (pod === undefined) return awaited(node, node.judgedFrom, 'it has no agent pod', standard);
  if (pod.revision !== standard.target) return { is: 'Outdated' };
  const harm = harmOf(node, pod, standard);
  if (harm !== undefined) return failed(node, harm, standard);
  const missing = missingOf(pod, standard);
  return missing === undefined ? { is: 'Updated' } : awaited(node, Math.max(pod.createdAt, node.judgedFrom), missing, standard);
}

function awaited(node: RolloutNode, since: number, missing: string, standard: Standard): NodeState {
  const waitedMs = standard.now - since;
  if (waitedMs < standard.patience.wellWithinMs) return { is: 'Verifying' };
  return failed(node, `not well for ${Math.round(waitedMs / 1000)} s: ${missing}`, standard);
}

/** What happens to a node that was never seen well says nothing of the revision. */
export function failed(node: RolloutNode, why: string, standard: Standard): NodeState {
  if (!standard.witnessed || isWitness(node, standard)) return { is: 'Failed', why };
  const unknown = standard.startedAt !== undefined && standard.before?.well !== false;
  return { is: 'Aside', reason: unknown ? 'JoinedMeanwhile' : 'WasNotWell' };
}

/** It was there when the rollout began, and well. */
export function isWitness({ joinedAt }: RolloutNode, { before, startedAt }: Pick<Standard, 'before' | 'startedAt'>): boolean {
  return startedAt !== undefined && before?.well !== false && joinedAt < startedAt;
}

/** As many times maxRestarts are forgiven of restarts by the kubelet: others can cause some, and an agent that hangs causes them all. */
const forgivenKills = 3;

/** What no waiting makes better. */
function harmOf(node: RolloutNode, { restarts, kills, report }: AgentPod, standard: Standard): string | undefined {
  const { before, patience } = standard;
  if (restarts > patience.maxRestarts) return `its agent was restarted ${restarts} times`;
  if (kills > forgivenKills * Math.max(1, patience.maxRestarts)) return `its agent was restarted ${kills} times by the kubelet`;
  if (report === undefined) return undefined;
  const fresh = isWitness(node, standard) ? report.problems.filter((problem) => !before?.problems.includes(problem)) : [];
  if (fresh.length > 0) return `${fresh.join(', ')} since its update`;
  return report.errors > patience.maxErrors ? `its agent counted ${report.errors} errors` : undefined;
}

/** What may still come. */
function missingOf({ ready, report }: AgentPod, { before, patience }: Standard): string | undefined {
  if (!ready) return 'its pod is not ready';
  if (report === undefined) return 'its agent does not speak with the controller';
  if (report.problems.length > 0) return undefined;
  if (!report.follows) return 'it does not follow the order';
  const least = (before?.share ?? 0) * patience.shareKept;
  return report.share !== undefined && report.share < least ? `it accelerates ${percent(report.share)} and accelerated ${percent(before?.share ?? 0)} before` : undefined;
}

const percent = (share: number): string => `${Math.round(share * 100)} %`;
