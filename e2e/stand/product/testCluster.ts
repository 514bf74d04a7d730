// The cluster that all tests of a run share. The first test file starts it; it is taken down after the last.
import { abandonedRuns } from '../cluster/abandoned';
import { type Cluster, findCluster } from '../cluster/cluster';
import { takeDown } from '../cluster/down';
import { knownRuns } from '../cluster/state';
import { installTools } from '../tools/install';
import { Progress } from '../../../release/tools/progress';
import { bringUpInstalled } from './installedCluster';

const prefix = 'sca-test';
/** The run's id has the process id, because Jest loads this module again for every test file but runs all files in one process. */
export const testRunId = `${prefix}-${process.pid}`;

/** A cluster of two nodes with the product installed. Objects that earlier test files have applied still exist. */
export async function testCluster(): Promise<Cluster> {
  const progress = new Progress();
  const tools = await installTools(progress);
  if (knownRuns().includes(testRunId)) return findCluster(testRunId, tools);
  for (const runId of abandonedRuns(prefix)) await takeDown(runId);
  return bringUpInstalled(testRunId, tools, progress);
}

/** Takes the cluster down if a test has started it. */
export async function endTestCluster(): Promise<void> {
  if (knownRuns().includes(testRunId)) await takeDown(testRunId);
}
