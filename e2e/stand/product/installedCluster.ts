// A cluster with the product installed on it: what the demo and the cluster tests run on.
import type { Cluster } from '../cluster/cluster';
import { bringUp } from '../cluster/up';
import { provideMeshImage } from '../mesh/meshImage';
import { providePauseImage } from '../cluster/pause';
import { provideProductImage } from '../../../release/image/product';
import type { Tools } from '../tools/install';
import type { Progress } from '../../../release/tools/progress';
import { installProduct } from './acceleration';

/**
 * Brings up nodes that have the images of product and mesh, and installs the product.
 * @param beside is done while the product is installed
 * @param nodes how many
 * @throws after taking everything down again, when any part does not come up
 */
export async function bringUpInstalled(runId: string, tools: Tools, progress: Progress, beside?: (cluster: Cluster) => Promise<void>, nodes = 2): Promise<Cluster> {
  const product = await progress.step('image: sidecar-acceleration', provideProductImage);
  const cluster = await bringUpReady(runId, tools, progress, [product.archive], nodes);
  try {
    await Promise.all([progress.step('helm install sidecar-acceleration', () => installProduct(cluster, product)), beside?.(cluster)]);
    return cluster;
  } catch (error) {
    await cluster.down();
    throw error;
  }
}

/** Brings up nodes that have the mesh's image and those of the product that are given, and nothing installed. */
export async function bringUpReady(runId: string, tools: Tools, progress: Progress, archives: readonly string[], nodes = 2): Promise<Cluster> {
  const pauseArchive = await progress.step('image: pause', providePauseImage);
  const mesh = await progress.step('image: mesh', () => provideMeshImage(tools));
  return bringUp({ runId, nodes, pauseArchive, imageArchives: [mesh, ...archives] }, tools, progress);
}
