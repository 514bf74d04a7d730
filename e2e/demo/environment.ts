// Everything the demo runs on: tools, images, cluster, the installed product, the mesh.
import type { Cluster } from '../cluster/cluster';
import { demoMesh } from '../mesh/demoMesh';
import { deployMesh } from '../mesh/mesh';
import { bringUpInstalled } from '../support/installedCluster';
import { installTools } from '../tools/install';
import type { Progress } from '../../release/tools/progress';

/** Brings all of it up; a failed start leaves nothing behind. */
export async function bringUpDemo(runId: string, progress: Progress): Promise<Cluster> {
  const tools = await installTools(progress);
  const mesh = (cluster: Cluster): Promise<void> => progress.step('mesh: clients, servers, sidecars', () => deployMesh(cluster, demoMesh()));
  return bringUpInstalled(runId, tools, progress, mesh);
}
