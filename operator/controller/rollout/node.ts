// What is known of one node during a rollout, and what that says of the revision it runs.

/** Evidence is what agent and kubelet say; all of it can be read again by a controller that knows nothing of before. */
export interface RolloutNode {
  readonly name: string;
  /** Milliseconds since the epoch: since when the node has been Ready; undefined for one whose pods cannot be replaced now. */
  readonly reachableSince: number | undefined;
  /** Of the agent's pod; undefined while there is none, and the DaemonSet is about to make one of its newest revision. */
  readonly pod: AgentPod | undefined;
}

export interface AgentPod {
  readonly revision: string;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
  /** Its readiness probe, as the kubelet sees it. */
  readonly ready: boolean;
  readonly restarts: number;
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
  /** Share of the open connection ends that are accelerated, 0 to 1; undefined while there are too few to tell. */
  readonly share: number | undefined;
}

/** How a node was before its update: what it could not do then is no failure of the new revision. */
export interface KnownNode {
  readonly problems: readonly string[];
  readonly share: number | undefined;
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

export type NodeState =
  | { readonly is: 'Outdated' | 'Updated' | 'Unreachable' }
  /** Updated, and not yet known to be well, or waiting for its new pod. */
  | { readonly is: 'Verifying' }
  | { readonly is: 'Failed'; readonly why: string };

/**
 * @param before undefined for a node that nothing is known of
 * @param now milliseconds since the epoch
 */
export function stateOf(node: RolloutNode, target: string, before: KnownNode | undefined, patience: Patience, now: number): NodeState {
  const { pod, reachableSince } = node;
  if (reachableSince === undefined) return { is: 'Unreachable' };
  if (pod === undefined) return { is: 'Verifying' };
  if (pod.revision !== target) return { is: 'Outdated' };
  const harm = harmOf(pod, before, patience);
  if (harm !== undefined) return { is: 'Failed', why: harm };
  const missing = missingOf(pod, before, patience);
  if (missing === undefined) return { is: 'Updated' };
  // A node that was away needs its time after it came back.
  const waitedMs = now - Math.max(pod.createdAt, reachableSince);
  if (waitedMs < patience.wellWithinMs) return { is: 'Verifying' };
  return { is: 'Failed', why: `not well ${Math.round(waitedMs / 1000)} s after its update: ${missing}` };
}

/** What no waiting makes better. */
function harmOf({ restarts, report }: AgentPod, before: KnownNode | undefined, { maxRestarts, maxErrors }: Patience): string | undefined {
  if (restarts > maxRestarts) return `its agent was restarted ${restarts} times`;
  const fresh = report?.problems.filter((problem) => !before?.problems.includes(problem)) ?? [];
  if (fresh.length > 0) return `${fresh.join(', ')} since its update`;
  if (report !== undefined && report.errors > maxErrors) return `its agent counted ${report.errors} errors`;
  return undefined;
}

/** What may still come. */
function missingOf({ ready, report }: AgentPod, before: KnownNode | undefined, { shareKept }: Patience): string | undefined {
  if (!ready) return 'its pod is not ready';
  if (report === undefined) return 'its agent does not speak with the controller';
  if (report.problems.length > 0) return undefined;
  if (!report.follows) return 'it does not follow the order';
  const least = (before?.share ?? 0) * shareKept;
  return report.share !== undefined && report.share < least ? `it accelerates ${percent(report.share)} and accelerated ${percent(before?.share ?? 0)} before` : undefined;
}

const percent = (share: number): string => `${Math.round(share * 100)} %`;
