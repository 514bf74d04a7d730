import { pageOf } from './page';
import { ratio, ratioWords, rowsOf, verdict, type Row } from './rows';

const row: Row = {
  program: 'a program',
  hops: ['client', 'Envoy', 'Envoy', 'server'],
  checks: 'it counts',
  unit: 'bytes',
  rounds: { tcp: 1, accelerated: 2 },
  throughput: { tcp: 10, accelerated: 15 },
  ratios: [1.4, 0.8, 1.6],
  standstillMs: { tcp: 12.3, accelerated: 20 },
  acceleratedShare: 0.5,
  joinedHops: [1, 2],
  reasons: { Learning: 4, SplicingReader: 2 },
  passes: { Order: 1 },
  complaints: [],
};

test('a row is wrong when it has a complaint, missed when the median of the turns is slower than allowed, and right otherwise', () => {
  expect(verdict(row)).toBe('right');
  expect(verdict({ ...row, ratios: [0.9, 0.94, 1.2] })).toBe('missed');
  expect(verdict({ ...row, ratios: [0.9, 0.95, 1.2] })).toBe('right');
  expect(verdict({ ...row, complaints: ['tcp: it hung'] })).toBe('wrong');
});

test('throughput is the median of the turns’ ratios, and a row without a whole turn has none', () => {
  expect(ratio(row)).toBe(1.4);
  expect([verdict({ ...row, ratios: [] }), ratioWords({ ...row, ratios: [] })]).toEqual(['missed', '–']);
});

test('a row of an earlier run that lacks a figure is left out', () => {
  const { standstillMs, ...older } = row;
  expect(
    rowsOf(JSON.parse(JSON.stringify({ kernel: '6.18', rows: [{ ...older, program: `before standstills of ${standstillMs.tcp} ms` }, row] }))),
  ).toEqual([row]);
});

test('the page shows the hops, the share, lasting reasons, the verdict, the turns and the standstills of each program', () => {
  expect(pageOf({ kernel: '6.18', rows: [row] })).toContain(
    '| a program | client → Envoy → Envoy → server | 1, 2 | 50 % | [SplicingReader](reasons.md), gate Order | right | 1.40 (0.80–1.60) × | 12 / 20 |',
  );
});

test('the page says what was wrong, which programs missed their throughput, and how many were right', () => {
  const wrong = { ...row, program: 'another', complaints: ['accelerated: 3 bytes lost'] };
  const page = pageOf({ kernel: '6.18', rows: [row, wrong, { ...row, program: 'a slow one', ratios: [0.5] }] });
  expect(page).toContain('**1 of 3 right**');
  expect(page).toContain('- another, accelerated: 3 bytes lost');
  expect(page).toContain('Below 0.95 × TCP: **a slow one** 0.50 (0.50–0.50).');
});
