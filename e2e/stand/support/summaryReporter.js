// A Jest reporter. With COUNT_TESTS set it adds the counts of a run to build/test-counts.jsonl; TEST_PART names a run of a part of a project.
const { append } = require('./testCounts');

/** The counts of one test file. A file that could not run counts as one failure; with CI=true each skipped test does too. */
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
