// The state of one node in a rollout, and whether its agent's revision is verified, failed or still to be verified there.
import type { AsideReason } from '../../api';
import { type Shares, worseThan } from './shares';

/** A node as agent and kubelet report it now. A new controller can read all of it again. */
export interface RolloutNode {
  readonly name: string;
  /** Milliseconds since the epoch. */
  readonly joinedAt: number;
  /** Milliseconds since the epoch from which a wait is measured: before that the node was healthy or not Ready, or no controller observed it. */
  readonly judgedFrom: number;
  /** Why the rollout neither replaces its agent nor waits for it. */
  readonly aside: AsideReason | undefined;
  /** The agent's pod; undefined while the DaemonSet is about to create one of its newest revision. */
  readonly pod: AgentPod | undefined;
}

export interface AgentPod {
  readonly revision: string;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
  /** The pod's condition Ready. */
  readonly ready: boolean;
  /** Restarts, if the agent ended by itself the last time. */
  readonly restarts: number;
  /** Restarts, if the kubelet ended the agent the last time. */
  readonly kills: number;
  /** The agent's report; undefined while it is not connected. */
  readonly report: AgentEvidence | undefined;
}

export interface AgentEvidence {
  /** True when the agent has applied the newest order that it has had the time to apply, and has no problem. */
  readonly follows: boolean;
  /** Reasons why this node cannot accelerate. */
  readonly problems: readonly string[];
  /** Errors that the agent has counted since it started. */
  readonly errors: number;
  /** True when selected pods run on the node, confirmed by the API server. */
  readonly serves: boolean;
  /** Shares of accelerated connections by namespace, without namespaces that have too few; empty unless the mode is Accelerate. */
  readonly shares: Shares;
  /** True when one namespace only is selected in the whole cluster. */
  readonly alone: boolean;
}

/** The state of a node before its update. Problems that it had then are no failure of the new revision. */
export interface KnownNode {
  readonly problems: readonly string[];
  /** Empty where shares are not compared. */
  readonly shares: Shares;
  /** True when its agent's pod was ready. */
  readonly well: boolean;
}

/** When the update of a node counts as failed (spec.rollout.verdict). */
export interface Thresholds {
  /** Milliseconds within which an updated agent must be healthy: ready, connected, and with the newest order applied. */
  readonly wellWithinMs: number;
  readonly maxRestarts: number;
  readonly maxErrors: number;
  /** Part of a namespace's earlier share of accelerated connections that an updated agent must reach, 0 to 1. */
  readonly shareKept: number;
}

/** The criteria for a node, apart from its own state. */
export interface Standard {
  /** The revision that the node should have. */
  readonly target: string;
  /** Milliseconds since the epoch at which the rollout began; for nodes that joined later there is no earlier state. Undefined: no comparison. */
  readonly startedAt: number | undefined;
  readonly before: KnownNode | undefined;
  /** True when some nodes were healthy before. Without any, every node counts as a witness. */
  readonly witnessed: boolean;
  readonly thresholds: Thresholds;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

export type NodeState =
  | { readonly is: 'Outdated' | 'Updated' }
  /** Updated and not yet healthy, or waiting for its new pod. */
  | { readonly is: 'Verifying' }
  | { readonly is: 'Aside'; readonly reason: AsideReason }
  | { readonly is: 'Failed'; readonly why: string };

/** The state of a node in the rollout to `standard.target`. */
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
  if (waitedMs < standard.thresholds.wellWithinMs) return { is: 'Verifying' };
  return failed(node, `not healthy within ${Math.round(waitedMs / 1000)} s: ${missing}`, standard);
}

/** The state of a node whose update failed: Failed if the node is a witness; otherwise it is set aside, since its failure may have another cause. */
export function failed(node: RolloutNode, why: string, standard: Standard): NodeState {
  if (!standard.witnessed || isWitness(node, standard)) return { is: 'Failed', why };
  const unknown = standard.startedAt !== undefined && standard.before?.well !== false;
  return { is: 'Aside', reason: unknown ? 'JoinedMeanwhile' : 'WasNotWell' };
}

/** True when the node was in the cluster and ready when the rollout began, so that its failure counts against the revision. */
export function isWitness({ joinedAt }: RolloutNode, { before, startedAt }: Pick<Standard, 'before' | 'startedAt'>): boolean {
  return startedAt !== undefined && before?.well !== false && joinedAt < startedAt;
}

/** Restarts by the kubelet may be this many times maxRestarts, because other clients can cause some of them. */
const forgivenKills = 3;

/** A failure that waiting does not cure; undefined when there is none. */
function harmOf(node: RolloutNode, { restarts, kills, report }: AgentPod, standard: Standard): string | undefined {
  const { before, thresholds } = standard;
  if (restarts > thresholds.maxRestarts) return `its agent was restarted ${restarts} times`;
  if (kills > forgivenKills * Math.max(1, thresholds.maxRestarts)) return `its agent was restarted ${kills} times by the kubelet`;
  if (report === undefined) return undefined;
  const fresh = isWitness(node, standard) ? report.problems.filter((problem) => !before?.problems.includes(problem)) : [];
  if (fresh.length > 0) return `${fresh.join(', ')} since its update`;
  return report.errors > thresholds.maxErrors ? `its agent counted ${report.errors} errors` : undefined;
}

/** What the node still lacks to be healthy; undefined when it is healthy. */
function missingOf({ ready, report }: AgentPod, { before, thresholds }: Standard): string | undefined {
  if (!ready) return 'its pod is not ready';
  if (report === undefined) return 'its agent does not report to the controller';
  if (report.problems.length > 0) return undefined;
  if (!report.follows) return 'its agent has not applied the order';
  return worseThan(before?.shares ?? {}, report.shares, thresholds.shareKept, report.alone);
}
