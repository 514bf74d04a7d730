// Runs before the first test file of the project: lets an interrupted run take its cluster down too.
import { takeDownOnSignal } from '../cluster/abandoned';
import { testRunId } from './testCluster';

export default function setUp(): void {
  takeDownOnSignal(testRunId);
}
