import { together, verdict, type SoakResult } from './result';

const good: SoakResult = {
  kernel: '6.18',
  cpus: 2,
  seeds: [1],
  seconds: 60,
  bytes: 1e9,
  fastBytes: 5e8,
  departures: 9,
  adopted: 9,
  returned: 9,
  woken: 0,
  unseen: 0,
  connections: 100,
  atOnce: 20,
  wrongBytes: 0,
  failedEnds: 0,
  stalled: 0,
  longestStandstillMs: 40,
  aimed: 5,
  cutEnds: 3,
  disturbances: {},
  left: {},
  troubles: [],
};

test('a run without a fault has no complaints', () => {
  expect(verdict(good)).toEqual([]);
});

test.each([
  ['a wrong byte', { wrongBytes: 1 }, /1 wrong bytes/],
  ['an end that hung', { failedEnds: 2 }, /2 connection ends/],
  ['a connection that stood still', { stalled: 1, longestStandstillMs: 1200 }, /1 connections stood still/],
  ['no switch while a reader had bytes unread', { aimed: 0 }, /nothing of switching/],
  ['no return', { returned: 0 }, /nothing of returning/],
  ['an entry that stayed', { left: { joints: 1 } }, /joints/],
  ['a fast path that was not used', { fastBytes: 1000 }, /proves nothing/],
])('%s fails the run', (_, fault, complaint) => {
  expect(verdict({ ...good, ...fault })).toEqual([expect.stringMatching(complaint)]);
});

test('a longer standstill may be allowed, for a machine on which other work runs', () => {
  const stood = { ...good, stalled: 1, longestStandstillMs: 1200 };
  expect(verdict(stood, 3000)).toEqual([]);
  expect(verdict({ ...stood, longestStandstillMs: 3100 }, 3000)).toHaveLength(1);
});

test('the sum of several runs keeps the faults of each', () => {
  const bad = { ...good, seeds: [2], wrongBytes: 3, left: { joints: 1 }, disturbances: { 'pod replaced': 2 } };
  const sum = together([good, bad]);
  expect(sum).toMatchObject({ seeds: [1, 2], bytes: 2e9, connections: 200, atOnce: 20, disturbances: { 'pod replaced': 2 } });
  expect(verdict(sum)).toEqual([expect.stringMatching(/3 wrong bytes/), expect.stringMatching(/joints/)]);
});

test('runs on two kernels are not added up', () => {
  expect(() => together([good, { ...good, kernel: '6.12' }])).toThrow(/Linux 6.18.*6.12/);
});
