// A Jest reporter that sends the result of every test to the host.
import type { Test, TestCaseResult, TestResult } from '@jest/reporters';
import { basename } from 'node:path';
import { tell } from '../../../stand/machines/port';

const messageLength = 2_000;

export default class Reporter {
  onTestCaseResult(test: Test, { fullName, status, duration, failureMessages }: TestCaseResult): void {
    tell({
      kind: 'test',
      file: basename(test.path),
      name: fullName,
      passed: status === 'passed',
      seconds: (duration ?? 0) / 1000,
      message: failureMessages.join('\n').slice(0, messageLength),
    });
  }

  onTestResult(test: Test, { testExecError }: TestResult): void {
    if (testExecError === undefined) return;
    const message = String(testExecError.message).slice(0, messageLength);
    tell({ kind: 'test', file: basename(test.path), name: 'the file can be run', passed: false, seconds: 0, message });
  }
}
