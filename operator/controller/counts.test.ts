import { share, sum } from './counts';

describe('sum', () => {
  it('adds up', () => {
    expect(sum([1, 2, 3])).toBe(6);
    expect(sum([])).toBe(0);
  });

  it('stands still where numbers stop being exact', () => {
    expect(sum([Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER])).toBe(Number.MAX_SAFE_INTEGER);
  });
});

it.each([
  [0, 0, '-'],
  [0, 5, '0%'],
  [1, 1000, '1%'],
  [136, 138, '99%'],
  [999, 1000, '99%'],
  [1, 2, '50%'],
  [128, 128, '100%'],
])('%d of %d is the share %s', (part, whole, expected) => {
  expect(share(part, whole)).toBe(expected);
});
