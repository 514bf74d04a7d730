// Keeps the resource until every node has given back what it held, and lets it go.
import { apiVersion, fieldManager, finalizer, kind, removalPatience, singletonName } from '../api';
import { apply, type KubeClient } from '../kube';
import type { AgentState } from './status/aggregate';
import type { StoredResource } from './cluster/cluster';

/** A node whose agent does not answer holds up the deletion no longer than this. */
export const patienceMs = 60_000;
/** One whose agent answers removes the datapath at its own pace, which has an end. */
export const connectedPatienceMs = removalPatience.leavingMs + patienceMs;

/** Adds or takes away our finalizer; others' stay, because the list is merged by owner. */
export async function setFinalizer(client: KubeClient, resource: StoredResource, present: boolean): Promise<void> {
  if (resource.metadata.finalizers.includes(finalizer) === present) return;
  // With the uid, because an apply to a resource that has just gone would make it anew.
  const { uid } = resource.metadata;
  const metadata = { name: singletonName, uid, ...(present ? { finalizers: [finalizer] } : {}) };
  await apply(client, { apiVersion, kind, metadata }, { fieldManager, force: true });
}

export interface Release {
  readonly done: boolean;
  /** Nodes that did not say they are clean when the waiting ended. */
  readonly abandoned: readonly string[];
  /** For the log: what is waited for. */
  readonly waitingFor: readonly string[];
}

/**
 * Whether the nodes have given everything back. An agent that is not connected may come back within `patienceMs`; a connected one has
 * `connectedPatienceMs`.
 * @param revision of the remove order
 * @param waitedMs since that order was given
 */
export function release(agents: readonly AgentState[], desiredNodes: number, revision: number, waitedMs: number): Release {
  const clean = agents.filter(({ report }) => report?.released === true && report.appliedOrder === revision);
  const missing = agents.filter((agent) => !clean.includes(agent));
  const unseen = Math.max(0, desiredNodes - agents.length);
  const waitingFor = [...missing.map(({ node }) => node), ...(unseen > 0 ? [`${unseen} nodes without an agent`] : [])];
  if (waitingFor.length === 0) return { done: true, abandoned: [], waitingFor };
  const longest = missing.some(({ connected }) => connected) ? connectedPatienceMs : patienceMs;
  const done = waitedMs >= longest;
  return { done, abandoned: done ? waitingFor : [], waitingFor };
}
