// The finalizer of the resource, and when it may be removed: every node must have removed the datapath, or the wait is over.
import { apiVersion, fieldManager, finalizer, kind, removalTimeouts, singletonName } from '../api';
import { apply, type KubeClient } from '../kube';
import type { AgentState } from './status/aggregate';
import type { StoredResource } from './cluster/cluster';
import { countOf } from './agents/nodeProblems';

/** Longest wait for a node whose agent is not connected, in milliseconds. */
export const disconnectedTimeoutMs = 60_000;
/** Longest wait for a node whose agent is connected, in milliseconds: the agent's own timeouts bound the removal. */
export const connectedTimeoutMs = removalTimeouts.leavingMs + disconnectedTimeoutMs;

/** Adds or removes this product's finalizer. Other finalizers stay, because server-side apply merges the list by its values. @throws ApiError */
export async function setFinalizer(client: KubeClient, resource: StoredResource, present: boolean): Promise<void> {
  if (resource.metadata.finalizers.includes(finalizer) === present) return;
  // With the UID, because an apply without it would create the resource again if it was just deleted.
  const { uid } = resource.metadata;
  const metadata = { name: singletonName, uid, ...(present ? { finalizers: [finalizer] } : {}) };
  await apply(client, { apiVersion, kind, metadata }, { fieldManager, force: true });
}

export interface Release {
  readonly done: boolean;
  /** Nodes that had not reported the removal when the wait ended. */
  readonly abandoned: readonly string[];
  /** Nodes for which the deletion waits, as text. */
  readonly waitingFor: readonly string[];
}

/**
 * Whether the nodes have removed the datapath, or the wait for them is over: `disconnectedTimeoutMs` for agents that are not connected,
 * `connectedTimeoutMs` when a connected agent has not finished.
 * @param desiredNodes number of nodes that should have an agent
 * @param revision revision of the order to remove
 * @param waitedMs milliseconds since that order
 */
export function release(agents: readonly AgentState[], desiredNodes: number, revision: number, waitedMs: number): Release {
  const clean = agents.filter(({ report }) => report?.released === true && report.appliedOrder === revision);
  const missing = agents.filter((agent) => !clean.includes(agent));
  const unseen = Math.max(0, desiredNodes - agents.length);
  const waitingFor = [...missing.map(({ node }) => node), ...(unseen > 0 ? [`${countOf(unseen, 'node')} without a known agent`] : [])];
  if (waitingFor.length === 0) return { done: true, abandoned: [], waitingFor };
  const longest = missing.some(({ connected }) => connected) ? connectedTimeoutMs : disconnectedTimeoutMs;
  const done = waitedMs >= longest;
  return { done, abandoned: done ? waitingFor : [], waitingFor };
}
