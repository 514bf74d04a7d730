// Everything the demo runs on: tools, images, cluster, the installed product, the mesh.
import type { Cluster } from '../cluster/cluster';
import { bringUp } from '../cluster/up';
import { demoMesh } from '../mesh/demoMesh';
import { deployMesh } from '../mesh/mesh';
import { installProduct } from '../support/acceleration';
import { provideMeshImage } from '../tools/image/mesh';
import { providePauseImage } from '../tools/image/pause';
import { provideProductImage } from '../tools/image/product';
import { installTools } from '../tools/install';
import type { Progress } from '../tools/progress';

/** Brings all of it up; a failed start leaves nothing behind. */
export async function bringUpDemo(runId: string, progress: Progress): Promise<Cluster> {
  const tools = await installTools(progress);
  const pauseArchive = await progress.step('image: pause', providePauseImage);
  const mesh = await progress.step('image: mesh', () => provideMeshImage(tools));
  const product = await progress.step('image: sidecar-acceleration', provideProductImage);
  const plan = { runId, nodes: 2, pauseArchive, imageArchives: [mesh, product.archive] };
  const cluster = await bringUp(plan, tools, progress);
  try {
    await Promise.all([
      progress.step('helm install sidecar-acceleration', () => installProduct(cluster, product)),
      progress.step('mesh: clients, servers, sidecars', () => deployMesh(cluster, demoMesh())),
    ]);
    return cluster;
  } catch (error) {
    await cluster.down();
    throw error;
  }
}
