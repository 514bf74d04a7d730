// The counts of passed and failed tests: a JSON line for each part of the tests in build/test-counts.jsonl, and their sum as the last line.
const { appendFileSync, existsSync, mkdirSync, readFileSync } = require('node:fs');
const { dirname, join } = require('node:path');

const defaultFile = process.env.TEST_COUNTS ?? join(__dirname, '..', '..', '..', 'build', 'test-counts.jsonl');

/** Adds the line of a part: its name, and how many of its tests passed and failed. */
function append(part, passed, failed, file = defaultFile) {
  mkdirSync(dirname(file), { recursive: true });
  appendFileSync(file, `${JSON.stringify({ part, passed, failed })}\n`);
}

/** Adds up the file. An expected part without a line (it crashed or was never started) counts as one failure. */
function sum(expected, file = defaultFile) {
  const lines = existsSync(file)
    ? readFileSync(file, 'utf8')
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line))
    : [];
  const missing = expected.filter((part) => !lines.some((line) => line.part === part));
  const passed = lines.reduce((total, line) => total + line.passed, 0);
  const failed = lines.reduce((total, line) => total + line.failed, 0) + missing.length;
  return { passed, failed, missing };
}

module.exports = { append, sum };

/** `node testCounts.js unit ebpf e2e` prints the sum, and exits with 1 when a test has failed or none has run. */
if (require.main === module) {
  const { passed, failed, missing } = sum(process.argv.slice(2));
  for (const part of missing) console.log(`${part}: no result`);
  console.log(`${passed} passed, ${failed} failed`);
  process.exitCode = failed > 0 || passed === 0 ? 1 : 0;
}
