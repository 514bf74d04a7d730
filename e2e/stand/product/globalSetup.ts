// Before the first test file of the e2e project: an interrupted run takes its cluster down too.
import { takeDownOnSignal } from '../cluster/abandoned';
import { testRunId } from './testCluster';

export default function setUp(): void {
  takeDownOnSignal(testRunId);
}
