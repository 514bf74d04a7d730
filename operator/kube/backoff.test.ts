import fc from 'fast-check';
import { backoffMs } from './backoff';

const range = { firstMs: 800, maxMs: 30_000 };

describe('backoffMs', () => {
  it('doubles with each failure, up to the longest', () => {
    expect([1, 2, 3, 6, 7, 1000].map((failures) => backoffMs(range, failures, () => 1))).toEqual([800, 1600, 3200, 25_600, 30_000, 30_000]);
  });

  it('stays between half of the step and the whole step', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 10_000 }), fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }), (failures, random) => {
        const step = Math.min(range.maxMs, range.firstMs * 2 ** Math.min(failures - 1, 30));
        const ms = backoffMs(range, failures, () => random);
        expect(ms).toBeGreaterThanOrEqual(step / 2);
        expect(ms).toBeLessThanOrEqual(step);
      }),
    );
  });
});
