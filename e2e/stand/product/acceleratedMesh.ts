// The set-up of most cluster tests: a cluster, its mesh, and the example resource in force.
import type { Cluster } from '../cluster/cluster';
import { applyExample } from './acceleration';
import { testCluster } from './testCluster';
import { testMesh, type TestMesh } from './testMesh';

export interface AcceleratedMesh {
  readonly cluster: Cluster;
  readonly mesh: TestMesh;
}

/** The timeout for the set-up of a test file; the first file of a run also starts the cluster. */
export const bringUpMs = 300_000;

/** Returns the run's cluster with the mesh on it, and applies the example resource, because an earlier file may have applied another one. */
export async function acceleratedMesh(): Promise<AcceleratedMesh> {
  const cluster = await testCluster();
  const mesh = await testMesh(cluster);
  await applyExample(cluster);
  return { cluster, mesh };
}
