// What most cluster tests begin with: a cluster, its mesh, and the example resource in force.
import type { Cluster } from '../cluster/cluster';
import { applyExample } from './acceleration';
import { testCluster } from './testCluster';
import { testMesh, type TestMesh } from './testMesh';

export interface AcceleratedMesh {
  readonly cluster: Cluster;
  readonly mesh: TestMesh;
}

/** For the set-up of a file: the first one of a run brings the cluster up. */
export const bringUpMs = 300_000;

/** The run's cluster with the mesh on it, and the example resource in force whatever an earlier file has applied. */
export async function acceleratedMesh(): Promise<AcceleratedMesh> {
  const cluster = await testCluster();
  const mesh = await testMesh(cluster);
  await applyExample(cluster);
  return { cluster, mesh };
}
