import { benchRows, comparisonsOf, middle } from './comparison';
import { figures, reaches } from './figures';
import type { MeasuredCase } from './measurements';

const roundTrip: MeasuredCase = {
  experiment: 'round-trips',
  case: '1 KiB',
  kernel: '6.18',
  cpus: 2,
  congestion: 'cubic',
  date: '2026-01-02',
  load: 0.1,
  plannedRounds: 2,
  rounds: [
    { accelerated: { rttUs: 8, redirected: 100 }, tcp: { rttUs: 16 }, unix: { rttUs: 10 } },
    { accelerated: { rttUs: 9, redirected: 100 }, tcp: { rttUs: 12 }, unix: { rttUs: 10 } },
  ],
};

test('bench.json has a row for each figure that a case belongs to, with the median of the rounds’ ratios and their spread', () => {
  expect(benchRows([roundTrip])).toEqual([
    { figure: 'rtt-vs-unix', case: '1 KiB', ratio: 0.85, low: 0.8, high: 0.9 },
    { figure: 'rtt-vs-tcp', case: '1 KiB', ratio: 0.625, low: 0.5, high: 0.75 },
  ]);
});

test('the names of the figures are the names that bench.json is documented to have', () => {
  expect([...new Set(figures.map(({ name }) => name))].sort()).toEqual([
    'bystander-vs-none',
    'chain-http',
    'chain-tcp',
    'rtt-vs-tcp',
    'rtt-vs-unix',
    'short-vs-tcp',
    'stall-memory-vs-tcp',
    'stream-vs-tcp',
    'syscalls-vs-none',
  ]);
});

test('every figure has cases, and every case of every experiment has a name of its own', () => {
  for (const { experiment, of = () => true } of figures) {
    const names = experiment.cases.map(({ name }) => name);
    expect(names.filter(of)).not.toEqual([]);
    expect(new Set(names).size).toBe(names.length);
  }
});

test('a ratio is judged by the goal of its figure: round trips of large messages must be shorter than over AF_UNIX, others may be a little longer', () => {
  const [figure] = figures;
  if (figure === undefined) throw new Error('there are no figures');
  const round = { accelerated: { rttUs: 10.2 }, unix: { rttUs: 10 } };
  const judged = comparisonsOf(
    figure,
    ['1 B', '1 KiB', '4 KiB', '128 KiB'].map((name) => ({ ...roundTrip, case: name, rounds: [round] })),
  );
  expect(judged.map(({ goal, reached }) => ({ goal, reached }))).toEqual([
    { goal: { atMost: 1.05 }, reached: true },
    { goal: { atMost: 1.05 }, reached: true },
    { goal: { atMost: 0.9 }, reached: false },
    { goal: { atMost: 0.9 }, reached: false },
  ]);
  expect([reaches(0.91, { atMost: 0.9 }), reaches(0.98, { atLeast: 0.98 }), reaches(0.979, { atLeast: 0.98 })]).toEqual([false, true, false]);
});

test('a side has no median of a quantity that it does not measure', () => {
  expect([middle(roundTrip, 'accelerated', 'redirected'), middle(roundTrip, 'tcp', 'redirected')]).toEqual([100, undefined]);
});
