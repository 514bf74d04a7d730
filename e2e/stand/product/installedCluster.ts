// A cluster with the product installed, for the demo and the cluster tests.
import type { Cluster } from '../cluster/cluster';
import { bringUp } from '../cluster/up';
import { provideMeshImage } from '../mesh/meshImage';
import { providePauseImage } from '../cluster/pause';
import { provideProductImage } from '../../../release/image/product';
import type { Tools } from '../tools/install';
import type { Progress } from '../../../release/tools/progress';
import { installProduct } from './acceleration';

/**
 * Starts a cluster whose nodes have the images of product and mesh, and installs the product.
 * @param beside runs while the product is being installed
 * @param nodes how many
 * @throws when a part does not start; everything is taken down before that
 */
export async function bringUpInstalled(
  runId: string,
  tools: Tools,
  progress: Progress,
  beside?: (cluster: Cluster) => Promise<void>,
  nodes = 2,
): Promise<Cluster> {
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

/** Starts a cluster whose nodes have the mesh's image and the given images of the product. Nothing is installed on it. */
export async function bringUpReady(runId: string, tools: Tools, progress: Progress, archives: readonly string[], nodes = 2): Promise<Cluster> {
  const pauseArchive = await progress.step('image: pause', providePauseImage);
  const mesh = await progress.step('image: mesh', () => provideMeshImage(tools));
  return bringUp({ runId, nodes, pauseArchive, imageArchives: [mesh, ...archives] }, tools, progress);
}
