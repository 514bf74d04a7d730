// Runs the datapath's tests (ebpf/tests) by Jest, as they are compiled on the host, and tells each result as it comes.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

const checkout = join(__dirname, '..', '..', '..');
const packages = join(checkout, 'node_modules');

const configuration = {
  rootDir: checkout,
  roots: [join(checkout, 'ebpf', 'tests')],
  testMatch: [join(checkout, 'ebpf', 'tests', '**', '*.e2e.js')],
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
});
process.exitCode = status ?? 1;
