import { fuzz, harm } from './fuzz';

test('bytes of every kind are refused in one line or accepted as they are, without a throw', () => {
  const { findings, accepted, inputs } = fuzz(5000, 1);
  expect(findings).toEqual([]);
  // Neither all noise nor all honest: both ways are walked.
  expect(accepted).toBeGreaterThan(inputs / 50);
  expect(accepted).toBeLessThan(inputs / 2);
});

test('the same seed gives the same inputs', () => {
  expect(fuzz(500, 7).accepted).toBe(fuzz(500, 7).accepted);
});

test('an honest message is no harm, and is counted', () => {
  const accepted = jest.fn();
  expect(harm(Buffer.alloc(0), accepted)).toBeUndefined();
  expect(accepted).toHaveBeenCalledTimes(1);
});
