// Runs compiled tests by Jest: those of the datapath (ebpf/tests), the changeover of e2e/suites/conformance, and the short form of the readers
// (e2e/suites/readers). The reporter sends each result to the host.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

const checkout = join(__dirname, '..', '..', '..', '..');
const packages = join(checkout, 'node_modules');
const suites = join(checkout, 'e2e', 'suites');
const [tests, conformance, readers] = [join(checkout, 'ebpf', 'tests'), join(suites, 'conformance'), join(suites, 'readers')];
/** How many times slower an emulated processor is, for the time limits of the readers' suite. */
const slowness = 10;

const configuration = {
  rootDir: checkout,
  roots: [tests, conformance, readers],
  testMatch: [join(tests, '**', '*.e2e.js'), join(conformance, 'changeover.e2e.js'), join(readers, 'readers.e2e.js')],
  testEnvironment: 'node',
  transform: {},
  testTimeout: 300_000,
  cacheDirectory: '/tmp/jest',
  reporters: [join(__dirname, 'reporter.js')],
};

const jest = join(packages, 'jest', 'bin', 'jest.js');
const { status } = spawnSync(process.execPath, [jest, '--runInBand', '--config', JSON.stringify(configuration), ...process.argv.slice(2)], {
  stdio: ['ignore', 'inherit', 'inherit', 3],
  cwd: checkout,
  env: { ...process.env, READER_SLOWNESS: String(slowness) },
});
process.exitCode = status ?? 1;
