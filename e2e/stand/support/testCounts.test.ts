import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { countsOf } from './summaryReporter';
import { append, sum } from './testCounts';

let directory: string;
let file: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'test-counts-'));
  file = join(directory, 'build', 'counts.jsonl');
});

afterEach(() => rmSync(directory, { recursive: true }));

describe('the counts of all parts', () => {
  it('add up', () => {
    append('unit', 10, 0, file);
    append('kernel', 5, 2, file);
    expect(sum(['unit', 'kernel'], file)).toEqual({ passed: 15, failed: 2, missing: [] });
  });

  it('have a failure for an expected part without a result', () => {
    append('unit', 10, 0, file);
    expect(sum(['unit', 'kernel'], file)).toEqual({ passed: 10, failed: 1, missing: ['kernel'] });
  });
});

describe('the counts of a test file', () => {
  const result = { numPassingTests: 3, numFailingTests: 1, numPendingTests: 2, numTodoTests: 1 };

  it('have a failure for each skipped test when no test may be skipped', () => {
    expect(countsOf(result, true)).toEqual({ passed: 3, failed: 4 });
    expect(countsOf(result, false)).toEqual({ passed: 3, failed: 1 });
  });

  it('have a failure for a file that could not run', () => {
    expect(countsOf({ ...result, testExecError: new Error('syntax') }, false)).toEqual({ passed: 3, failed: 2 });
  });
});
