// Tests the text of docs/kernels.md.
import { kernelsPage } from './page';
import { emptyResult, type KernelResult } from './result';

const row = (path: string, result: string) => ({ case: 'peek', path, family: 'IPv4', result });

function kernel(name: string, more: Partial<KernelResult>): KernelResult {
  return {
    ...emptyResult({ kernel: name, version: `${name}.9-1`, accelerator: 'tcg' }),
    release: `${name}.9`,
    machine: 'x86_64',
    ending: 'done',
    ...more,
  };
}

test('the page names the optional programs that a kernel does not load', () => {
  const programs = [{ name: 'scan_connections', optional: true, loads: false, error: 'EINVAL' }];
  expect(kernelsPage([kernel('5.10', { programs })])).toContain('| 5.10.9 x86_64 | 5.10.9-1 | without `scan_connections` |');
});

test('a test that does not apply counts neither as passed nor as failed', () => {
  const test = { file: 'pairing.e2e.js', name: 'a Multipath TCP connection is not joined', message: '' };
  const tests = [
    { ...test, passed: true },
    { ...test, passed: false },
  ];
  const conformance = [{ ...row('same-pod', 'unsupported'), case: 'mptcp' }];
  expect(kernelsPage([kernel('5.10', { tests, conformance })])).toContain('| 1 of 1; 1 do not apply |');
});

test('the page shows probes side by side, and only those cases of the conformance suite whose results differ', () => {
  const same = { case: 'poll', path: 'same-pod', family: 'IPv4', result: 'same' };
  const probe = (answer: string) => ({ name: 'FIONREAD', answer });
  const page = kernelsPage([
    kernel('6.1', { probes: [probe('7')], conformance: [same, row('same-pod', 'same'), row('cross-pod', 'same')] }),
    kernel('6.12', { probes: [probe('0')], conformance: [same, row('same-pod', 'same'), row('cross-pod', 'refused')] }),
  ]);
  expect(page).toContain('| FIONREAD | 7 | 0 |');
  expect(page).toContain('| peek | same | same, 1 of 2 refused |');
  expect(page).not.toContain('| poll |');
});
