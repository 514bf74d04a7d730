import { fuzz, harm } from './fuzz';

test('decoding fuzzed messages never throws: each is refused with one line, or accepted and encoded to the same value', () => {
  const { findings, accepted, inputs } = fuzz(5000, 1);
  expect(findings).toEqual([]);
  // Some inputs are accepted and most are refused, so both branches of the decoder are tested. Doubled fields and wrong wire types are refused.
  expect(accepted).toBeGreaterThan(inputs / 100);
  expect(accepted).toBeLessThan(inputs / 2);
});

test('the same seed gives the same inputs', () => {
  expect(fuzz(500, 7).accepted).toBe(fuzz(500, 7).accepted);
});

test('a valid message causes no finding and counts as accepted', () => {
  const accepted = jest.fn();
  expect(harm(Buffer.alloc(0), accepted)).toBeUndefined();
  expect(accepted).toHaveBeenCalledTimes(1);
});
