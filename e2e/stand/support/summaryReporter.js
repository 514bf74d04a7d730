// Jest reporter that adds the counts of a run to build/test-counts.jsonl when COUNT_TESTS is set; TEST_PART names a run of part of a project.
const { append } = require('./testCounts');

/** Counts of one finished test file. A file that could not run is one failure; with CI=true so is a skipped test. */
function countsOf(file, strict) {
  const skipped = file.numPendingTests + file.numTodoTests;
  const broken = file.testExecError ? 1 : 0;
  return { passed: file.numPassingTests, failed: file.numFailingTests + broken + (strict ? skipped : 0) };
}

class SummaryReporter {
  onRunComplete(_contexts, results) {
    if (!process.env.COUNT_TESTS) return;
    const parts = new Map();
    for (const file of results.testResults) {
      const name = process.env.TEST_PART ?? file.displayName?.name ?? 'tests';
      const { passed, failed } = countsOf(file, process.env.CI === 'true');
      const total = parts.get(name) ?? { passed: 0, failed: 0 };
      parts.set(name, { passed: total.passed + passed, failed: total.failed + failed });
    }
    for (const [name, { passed, failed }] of parts) append(name, passed, failed);
  }
}

module.exports = SummaryReporter;
module.exports.countsOf = countsOf;
