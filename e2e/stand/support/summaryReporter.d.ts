// Types of the part of summaryReporter.js that has a unit test.
interface FileResult {
  readonly numPassingTests: number;
  readonly numFailingTests: number;
  readonly numPendingTests: number;
  readonly numTodoTests: number;
  readonly testExecError?: unknown;
}
export function countsOf(file: FileResult, strict: boolean): { passed: number; failed: number };
