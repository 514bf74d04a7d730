// The one cluster that all tests of a run share: started by the first that asks, ended after the last.
import { abandonedRuns } from '../cluster/abandoned';
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

const prefix = 'sca-test';
/** Jest loads modules anew for every test file, but runs them all in one process: its number names the cluster. */
export const testRunId = `${prefix}-${process.pid}`;

/** A cluster of two nodes with the product installed. What earlier test files have applied is still there. */
export async function testCluster(): Promise<Cluster> {
  const progress = new Progress();
  const tools = await installTools(progress);
  if (knownRuns().includes(testRunId)) return findCluster(testRunId, tools);
  for (const runId of abandonedRuns(prefix)) await takeDown(runId);
  const product = await provideProductImage();
  const imageArchives = [await provideMeshImage(tools), product.archive];
  const plan = { runId: testRunId, nodes: 2, pauseArchive: await providePauseImage(), imageArchives };
  const cluster = await bringUp(plan, tools, progress);
  try {
    await installProduct(cluster, product);
    return cluster;
  } catch (error) {
    await endTestCluster();
    throw error;
  }
}

/** Ends the cluster if any test asked for it. */
export async function endTestCluster(): Promise<void> {
  if (knownRuns().includes(testRunId)) await takeDown(testRunId);
}
