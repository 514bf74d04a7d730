import { percentile } from './percentile';

test('the percentile is always one of the values; for few values p99 is the largest', () => {
  expect(percentile([], 0.99)).toBe(0);
  expect(percentile([3, 1, 2], 0.5)).toBe(2);
  expect(
    percentile(
      Array.from({ length: 20 }, (_, index) => index),
      0.99,
    ),
  ).toBe(19);
  expect(
    percentile(
      Array.from({ length: 200 }, (_, index) => index),
      0.99,
    ),
  ).toBe(197);
});
