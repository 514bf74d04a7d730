// Runs after the last test file of the project, passed or failed: takes the shared cluster down.
import { endTestCluster } from './testCluster';

export default endTestCluster;
