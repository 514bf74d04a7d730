// After the last test file of the e2e project, passed or failed: the shared cluster goes.
import { endTestCluster } from './testCluster';

export default endTestCluster;
