// Sets up everything that the demo runs on: tools, images, cluster, the installed product and the mesh.
import type { Cluster } from '../../stand/cluster/cluster';
import { demoMesh } from '../../stand/mesh/demoMesh';
import { deployMesh } from '../../stand/mesh/mesh';
import { bringUpInstalled } from '../../stand/product/installedCluster';
import { installTools } from '../../stand/tools/install';
import type { Progress } from '../../../release/tools/progress';

/** Sets it up. When a part fails, everything is taken down again. */
export async function bringUpDemo(runId: string, progress: Progress): Promise<Cluster> {
  const tools = await installTools(progress);
  const mesh = (cluster: Cluster): Promise<void> => progress.step('mesh: clients, servers, sidecars', () => deployMesh(cluster, demoMesh()));
  return bringUpInstalled(runId, tools, progress, mesh);
}
