// The one cluster that all tests of a run share: started by the first that asks, ended after the last.
import { abandonedRuns } from '../cluster/abandoned';
import { type Cluster, findCluster } from '../cluster/cluster';
import { takeDown } from '../cluster/down';
import { knownRuns } from '../cluster/state';
import { installTools } from '../tools/install';
import { Progress } from '../../../release/tools/progress';
import { bringUpInstalled } from './installedCluster';

const prefix = 'sca-test';
/** Jest loads modules anew for every test file, but runs them all in one process: its number names the cluster. */
export const testRunId = `${prefix}-${process.pid}`;

/** A cluster of two nodes with the product installed. What earlier test files have applied is still there. */
export async function testCluster(): Promise<Cluster> {
  const progress = new Progress();
  const tools = await installTools(progress);
  if (knownRuns().includes(testRunId)) return findCluster(testRunId, tools);
  for (const runId of abandonedRuns(prefix)) await takeDown(runId);
  return bringUpInstalled(testRunId, tools, progress);
}

/** Ends the cluster if any test asked for it. */
export async function endTestCluster(): Promise<void> {
  if (knownRuns().includes(testRunId)) await takeDown(testRunId);
}
