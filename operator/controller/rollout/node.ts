// What is known of one node during a rollout, and what that says of the revision it runs.

/** Evidence is what agent and kubelet say; all of it can be read again by a controller that knows nothing of before. */
export interface RolloutNode {
  readonly name: string;
  /** False for a node whose pods cannot be replaced now: NotReady, or being deleted. */
  readonly reachable: boolean;
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
}

/** When a node is believed, and when it is given up. */
export interface Patience {
  /** An updated agent must be well within this time, in milliseconds. */
  readonly wellWithinMs: number;
  readonly maxRestarts: number;
  readonly maxErrors: number;
}

export type NodeState =
  | { readonly is: 'Outdated' | 'Updated' | 'Unreachable' }
  /** Updated, and not yet known to be well, or waiting for its new pod. */
  | { readonly is: 'Verifying' }
  | { readonly is: 'Failed'; readonly why: string };

/**
 * @param knownProblems reasons that this node gave before it was updated: a node that could never accelerate is no failure of the revision
 * @param now milliseconds since the epoch
 */
export function stateOf(node: RolloutNode, target: string, knownProblems: readonly string[], patience: Patience, now: number): NodeState {
  const { pod, reachable } = node;
  if (!reachable) return { is: 'Unreachable' };
  if (pod === undefined) return { is: 'Verifying' };
  if (pod.revision !== target) return { is: 'Outdated' };
  const why = harmOf(pod, knownProblems, patience);
  if (why !== undefined) return { is: 'Failed', why };
  if (pod.ready && pod.report !== undefined && (pod.report.follows || pod.report.problems.length > 0)) return { is: 'Updated' };
  const waitedMs = now - pod.createdAt;
  if (waitedMs < patience.wellWithinMs) return { is: 'Verifying' };
  return { is: 'Failed', why: `not well ${Math.round(waitedMs / 1000)} s after its update: ${missing(pod)}` };
}

/** What no waiting makes better. */
function harmOf({ restarts, report }: AgentPod, knownProblems: readonly string[], { maxRestarts, maxErrors }: Patience): string | undefined {
  if (restarts > maxRestarts) return `its agent was restarted ${restarts} times`;
  const fresh = report?.problems.filter((problem) => !knownProblems.includes(problem)) ?? [];
  if (fresh.length > 0) return `${fresh.join(', ')} since its update`;
  if (report !== undefined && report.errors > maxErrors) return `its agent counted ${report.errors} errors`;
  return undefined;
}

function missing({ ready, report }: AgentPod): string {
  if (!ready) return 'its pod is not ready';
  return report === undefined ? 'its agent does not speak with the controller' : 'it does not follow the order';
}
