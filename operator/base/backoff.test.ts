import fc from 'fast-check';
import { Backoff, backoffMs } from './backoff';

const range = { firstMs: 800, maxMs: 30_000 };

describe('backoffMs', () => {
  it('doubles the longest wait with each failure, up to maxMs', () => {
    expect([1, 2, 3, 6, 7, 1000].map((failures) => backoffMs(range, failures, () => 1))).toEqual([800, 1600, 3200, 25_600, 30_000, 30_000]);
  });

  it('waits at least half of the longest wait at that time', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 10_000 }), fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }), (failures, random) => {
        const longest = Math.min(range.maxMs, range.firstMs * 2 ** Math.min(failures - 1, 30));
        const ms = backoffMs(range, failures, () => random);
        expect(ms).toBeGreaterThanOrEqual(longest / 2);
        expect(ms).toBeLessThanOrEqual(longest);
      }),
    );
  });

  it('waits at least minMs after any number of failures, where minMs is given', () => {
    expect([1, 2, 9].map((failures) => backoffMs({ firstMs: 2000, maxMs: 30_000, minMs: 1000 }, failures, () => 0))).toEqual([1000, 1000, 1000]);
  });
});

describe('Backoff', () => {
  it('counts failures until it is reset', () => {
    const backoff = new Backoff({ firstMs: 2000, maxMs: 30_000, minMs: 1000 }, () => 1);
    expect([1, 2, 3, 4, 5, 6].map(() => backoff.next())).toEqual([2000, 4000, 8000, 16_000, 30_000, 30_000]);
    backoff.reset();
    expect(backoff.next()).toBe(2000);
  });
});
