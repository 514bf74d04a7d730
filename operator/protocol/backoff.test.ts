import { Backoff } from './backoff';

const waits = (random: () => number, times: number): number[] => {
  const backoff = new Backoff({ minMs: 1000, maxMs: 30_000, random });
  return Array.from({ length: times }, () => backoff.next());
};

test('the ceiling doubles up to the longest wait', () => {
  expect(waits(() => 1, 7)).toEqual([2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000]);
});

test('the shortest wait holds whatever the dice say', () => {
  expect(waits(() => 0, 3)).toEqual([1000, 1000, 1000]);
});

test('waits start over after a reset', () => {
  const backoff = new Backoff({ minMs: 1000, maxMs: 30_000, random: () => 1 });
  backoff.next();
  backoff.next();
  backoff.reset();
  expect(backoff.next()).toBe(2000);
});
