// Tests how the results of several runs of a kernel are merged.
import { merged } from './merge';
import { emptyResult, type KernelResult } from './result';

const before: KernelResult = {
  ...emptyResult({ kernel: '6.1', version: '6.1.9-1', accelerator: 'tcg' }),
  programs: [{ name: 'on_message', optional: false, loads: false, error: 'EINVAL' }],
  tests: [{ file: 'gates.e2e.js', name: 'obeys', passed: true, message: '' }],
  probes: [
    { name: 'FIONREAD', answer: '7' },
    { name: 'offers', answer: 'nothing' },
  ],
  steps: [
    { name: 'programs', code: 1 },
    { name: 'tests', code: 0 },
  ],
};
const later: KernelResult = {
  ...before,
  tests: [],
  programs: [{ name: 'on_message', optional: false, loads: true, error: '' }],
  probes: [{ name: 'offers', answer: 'all' }],
  steps: [{ name: 'programs', code: 0 }],
};
const plan = { steps: [{ name: 'programs', program: 'programs' as const, args: [], seconds: 1 }] };

test('results of steps that were run again are replaced, results of other steps stay', () => {
  const { programs, tests, probes, steps } = merged(before, later, plan);
  expect(programs).toEqual(later.programs);
  expect(tests).toEqual(before.tests);
  expect(probes).toEqual([
    { name: 'FIONREAD', answer: '7' },
    { name: 'offers', answer: 'all' },
  ]);
  expect(steps).toEqual([
    { name: 'tests', code: 0 },
    { name: 'programs', code: 0 },
  ]);
});

test('no result of another version of the kernel stays', () => {
  const newer = { ...later, version: '6.1.10-1' };
  expect(merged(before, newer, plan)).toEqual(newer);
});
