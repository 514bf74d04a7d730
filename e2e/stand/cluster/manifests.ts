// Applies and deletes manifests with kubectl, as a user would.
import type { Cluster } from './cluster';

/** Applies objects; returns kubectl's output with a line for each object. */
export function apply(cluster: Cluster, objects: readonly object[]): Promise<string> {
  return cluster.kubectl(['apply', '-f', '-'], { input: listOf(objects) });
}

/** Deletes objects and waits until they are gone; objects that do not exist are no error. */
export function remove(cluster: Cluster, objects: readonly object[]): Promise<string> {
  return cluster.kubectl(['delete', '--ignore-not-found', '-f', '-'], { input: listOf(objects) });
}

function listOf(items: readonly object[]): string {
  return JSON.stringify({ apiVersion: 'v1', kind: 'List', items });
}
