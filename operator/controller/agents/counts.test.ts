import { sum } from './counts';

describe('sum', () => {
  it('adds up', () => {
    expect(sum([1, 2, 3])).toBe(6);
    expect(sum([])).toBe(0);
  });

  it('stands still where numbers stop being exact', () => {
    expect(sum([Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER])).toBe(Number.MAX_SAFE_INTEGER);
  });
});
