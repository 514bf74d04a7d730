// Applies and deletes manifests as a user would: with kubectl.
import type { Cluster } from './cluster';

/** Applies objects; returns kubectl's output, one line an object. */
export function apply(cluster: Cluster, objects: readonly object[]): Promise<string> {
  return cluster.kubectl(['apply', '-f', '-'], { input: listOf(objects) });
}

/** Deletes objects and waits until they are gone; those that are gone already do not matter. */
export function remove(cluster: Cluster, objects: readonly object[]): Promise<string> {
  return cluster.kubectl(['delete', '--ignore-not-found', '-f', '-'], { input: listOf(objects) });
}

function listOf(items: readonly object[]): string {
  return JSON.stringify({ apiVersion: 'v1', kind: 'List', items });
}
