import { pageOf } from './page';
import { ratio, verdict, type Row } from './rows';

const row: Row = {
  program: 'a program',
  hops: ['client', 'Envoy', 'Envoy', 'server'],
  checks: 'it counts',
  unit: 'bytes',
  rounds: { tcp: 1, accelerated: 2 },
  throughput: { tcp: 10, accelerated: 15 },
  acceleratedShare: 0.5,
  joinedHops: [1, 2],
  reasons: { Learning: 4, SplicingReader: 2 },
  passes: { Order: 1 },
  complaints: [],
};

test('a row is right when nothing was wrong with it, and tells its throughput by that on TCP', () => {
  expect(verdict(row)).toBe('right');
  expect(verdict({ ...row, complaints: ['tcp: it hung'] })).toBe('wrong');
  expect(ratio(row)).toBe(1.5);
});

test('the page shows the hops, the share, lasting reasons and the verdict of each program', () => {
  expect(pageOf({ kernel: '6.18', rows: [row] })).toContain(
    '| a program | client → Envoy → Envoy → server | 1, 2 | 50 % | [SplicingReader](reasons.md), gate Order | right | 1.50 × |',
  );
});

test('the page says what was wrong, and how many were right', () => {
  const page = pageOf({ kernel: '6.18', rows: [row, { ...row, program: 'another', complaints: ['accelerated: 3 bytes lost'] }] });
  expect(page).toContain('**1 of 2 right**');
  expect(page).toContain('- another, accelerated: 3 bytes lost');
});
