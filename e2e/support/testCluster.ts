// The one cluster that all tests of a run share: started by the first that asks, ended after the last.
import { bringUp } from '../cluster/up';
import type { Cluster } from '../cluster/cluster';
import { findCluster } from '../cluster/cluster';
import { knownRuns } from '../cluster/state';
import { takeDown } from '../cluster/down';
import { installProduct } from './acceleration';
import { provideMeshImage } from '../tools/image/mesh';
import { providePauseImage } from '../tools/image/pause';
import { provideProductImage } from '../tools/image/product';
import { installTools } from '../tools/install';
import { Progress } from '../tools/progress';

/** Jest loads modules anew for every test file, but runs them all in one process: its number names the cluster. */
const runId = `sca-test-${process.pid}`;

/** A cluster of two nodes with the product installed and no resource yet. */
export async function testCluster(): Promise<Cluster> {
  const progress = new Progress();
  const tools = await installTools(progress);
  if (knownRuns().includes(runId)) return findCluster(runId, tools);
  const product = await provideProductImage();
  const imageArchives = [await provideMeshImage(tools), product.archive];
  const cluster = await bringUp({ runId, nodes: 2, pauseArchive: await providePauseImage(), imageArchives }, tools, progress);
  await installProduct(cluster, product);
  return cluster;
}

/** Ends the cluster if any test asked for it. For Jest's globalTeardown. */
export default async function endTestCluster(): Promise<void> {
  if (knownRuns().includes(runId)) await takeDown(runId);
}
