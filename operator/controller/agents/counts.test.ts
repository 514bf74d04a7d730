import { sum } from './counts';

describe('sum', () => {
  it('is the sum of its arguments', () => {
    expect(sum([1, 2, 3])).toBe(6);
    expect(sum([])).toBe(0);
  });

  it('is at most 2^53 - 1', () => {
    expect(sum([Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER])).toBe(Number.MAX_SAFE_INTEGER);
  });
});
