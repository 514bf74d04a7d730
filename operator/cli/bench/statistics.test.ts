import { median, ratioOf } from './statistics';

test('the median of an odd number of values is the one in the middle', () => {
  expect(median([9, 1, 5])).toBe(5);
});

test('the median of an even number of values is between the two in the middle', () => {
  expect(median([4, 1, 2, 3])).toBe(2.5);
});

test('each value is divided by the value of the same round, so that a slow round does not change the ratio', () => {
  expect(ratioOf([100, 10, 100], [150, 15, 150])).toEqual({ median: 1.5, low: 1.5, high: 1.5 });
});

test('low and high are the lowest and the highest ratio', () => {
  expect(ratioOf([100, 100, 100], [140, 160, 150])).toEqual({ median: 1.5, low: 1.4, high: 1.6 });
});
