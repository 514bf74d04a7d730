import { verdict, type SoakResult } from './result';

const good: SoakResult = {
  kernel: '6.18', cpus: 2, seed: 1, seconds: 60, bytes: 1e9, fastBytes: 5e8, departures: 9, adopted: 9, returned: 9, nudged: 0, unseen: 0, connections: 100, atOnce: 20,
  wrongBytes: 0, failedEnds: 0, stalledEnds: 0, cutEnds: 3, disturbances: {}, left: {}, troubles: [],
};

test('a run without fault has nothing to complain of', () => {
  expect(verdict(good)).toEqual([]);
});

test.each([
  ['a wrong byte', { wrongBytes: 1 }, /1 wrong bytes/],
  ['an end that hung', { failedEnds: 2 }, /2 connection ends/],
  ['an end that stalled', { stalledEnds: 1 }, /1 connection ends stalled/],
  ['no return', { returned: 0 }, /nothing of returning/],
  ['an entry that stayed', { left: { joints: 1 } }, /joints/],
  ['a fast path that was not used', { fastBytes: 1000 }, /proves nothing/],
])('%s fails the run', (_, fault, complaint) => {
  expect(verdict({ ...good, ...fault })).toEqual([expect.stringMatching(complaint)]);
});
