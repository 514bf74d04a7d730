// `unit` runs anywhere; `kernel` and `programs` need root and BPF; `e2e`, `faults` and `attacks` a real API server; `cluster`, `rollout`,
// `open-connections` and `releases` real nodes or agents. All but the first run one file at a time. `make test` runs unit, kernel, e2e and
// cluster; the others take too long for it.
const { existsSync } = require('node:fs');
const { join } = require('node:path');

const shared = {
  testEnvironment: 'node',
  modulePathIgnorePatterns: ['<rootDir>/build/', '<rootDir>/dist/'],
  transform: { '^.+\\.[tj]s$': 'ts-jest' },
};
const cases = '<rootDir>/e2e/suites/cases';
/** An agent or a cluster of them: not beside the tests of `kernel`, which start agents too. */
const nodes = ['cluster/[^/]+', 'agent[^/]*', 'cri'].map((name) => `/e2e/suites/cases/${name}\\.e2e\\.ts$`);
/** Of these projects only: Jest runs them when it runs a file of one. */
const cluster = {
  ...shared,
  globalSetup: '<rootDir>/e2e/stand/product/globalSetup.ts',
  globalTeardown: '<rootDir>/e2e/stand/product/globalTeardown.ts',
};

/** Without e2e/ there are none of these: Jest refuses to start when a file that one of them names is missing. */
const onRealParts = [
  { ...shared, displayName: 'attacks', testMatch: ['<rootDir>/e2e/suites/attacks/*.e2e.ts'] },
  { ...shared, displayName: 'programs', testMatch: ['<rootDir>/e2e/suites/programs/**/*.e2e.ts'] },
  { ...shared, displayName: 'releases', testMatch: ['<rootDir>/e2e/suites/releases/*.e2e.ts'] },
  { ...shared, displayName: 'faults', testMatch: ['<rootDir>/e2e/suites/faults/*.e2e.ts'] },
  { ...shared, displayName: 'rollout', testMatch: [`${cases}/rollout/*.e2e.ts`, `${cases}/cluster/rollout.e2e.ts`] },
  { ...cluster, displayName: 'open-connections', testMatch: [`${cases}/cluster/openConnections.e2e.ts`] },
  { ...cluster, displayName: 'accelctl', testMatch: [`${cases}/cluster/accelctl.e2e.ts`] },
  { ...shared, displayName: 'e2e', testMatch: [`${cases}/*.e2e.ts`], testPathIgnorePatterns: nodes },
  { ...cluster, displayName: 'cluster', testRegex: nodes, testPathIgnorePatterns: ['openConnections', 'cluster/accelctl', 'cluster/rollout'] },
];

module.exports = {
  projects: [
    { ...shared, displayName: 'unit', testMatch: ['<rootDir>/{operator,release,ebpf,e2e}/**/*.test.ts'] },
    {
      ...shared,
      displayName: 'kernel',
      testMatch: ['<rootDir>/ebpf/**/*.e2e.ts', '<rootDir>/e2e/suites/{conformance,soak,bounds,readers}/**/*.e2e.ts'],
    },
    ...(existsSync(join(__dirname, 'e2e')) ? onRealParts : []),
  ],
  testTimeout: 120_000, // a project cannot set its own; longer tests name theirs
  reporters: ['default', ...(process.env.COUNT_TESTS ? ['<rootDir>/e2e/stand/support/summaryReporter.js'] : [])],
};
