import fc from 'fast-check';
import { share } from './share';

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

it('is 100% only when every connection is accelerated and 0% only when no connection is', () => {
  fc.assert(
    fc.property(fc.nat(1_000_000), fc.nat(1_000_000), (part, rest) => {
      fc.pre(part + rest > 0);
      const text = share(part, part + rest);
      expect(text === '100%').toBe(rest === 0);
      expect(text === '0%').toBe(part === 0);
    }),
  );
});
