import { pageOf } from './page';
import { longer, median, verdict, type Row } from './rows';

const row: Row = {
  program: 'tokio',
  situation: 'burst',
  way: 'visited',
  kernel: '6.18',
  turns: 5,
  right: true,
  complaints: [],
  standstillMs: { tcp: 60, accelerated: 75 },
  ratio: 1.25,
  spread: [1.1, 1.4],
  share: 0.9,
  reasons: ['OneWay', 'Pairing'],
};

test('a row is slow when it stood still more than 100 ms longer than on TCP, and wrong when it has a complaint', () => {
  expect(longer(row.standstillMs)).toBe(15);
  expect(verdict(row)).toBe('right');
  expect(verdict({ ...row, standstillMs: { tcp: 60, accelerated: 161 } })).toBe('slow');
  expect(verdict({ ...row, right: false })).toBe('wrong');
});

test('the median of an even number of values lies between the two in the middle', () => {
  expect(median([3, 1, 2])).toBe(2);
  expect(median([4, 1, 2, 3])).toBe(2.5);
  expect(median([])).toBeUndefined();
});

test('the page has a summary of each program, and shows each of its rows', () => {
  const page = pageOf({ rows: [row] });
  expect(page).toContain('Linux 6.18: **1 of 1 right**; in the median a witness stood still 15 ms longer than on TCP');
  expect(page).toContain('| tokio | edge-triggered; a short read means empty | 1 of 1 | 15 ms | 1.25 × | 90 % | [OneWay](reasons.md) |');
  expect(page).toContain('| tokio | 60 → 75, 1.25 × (1.10–1.40), 90 % |');
});

test('the page says what was wrong and what was slow', () => {
  const page = pageOf({
    rows: [
      { ...row, right: false, complaints: ['accelerated: hung'] },
      { ...row, way: 'abandoned', standstillMs: { tcp: 60, accelerated: 900 } },
    ],
  });
  expect(page).toContain('**0 of 2 right**');
  expect(page).toContain('- tokio, burst, learnt by visits: accelerated: hung');
  expect(page).toContain('- tokio, burst, agent dead since before: 900 ms without progress, 60 on TCP');
  expect(page).toContain('| tokio | **slow**, 60 → 900, 1.25 × (1.10–1.40), 90 % |');
});
