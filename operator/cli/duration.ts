// Time limits on the command line: 90s, 5m, 1h30m.
import { InvalidArgumentError } from 'commander';

const unitMs = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 } as const;
const whole = /^(\d+(ms|s|m|h))+$/;
const part = /(\d+)(ms|s|m|h)/g;

/** The longest that a timer of Node can wait; it takes a longer one for 1 ms. */
const longestMs = 2 ** 31 - 1;

/**
 * Parses a duration in Go's notation without fractions. @returns milliseconds, at most 2³¹ - 1; 0 for `0`
 * @throws InvalidArgumentError, which ends the program as a usage error
 */
export function duration(text: string): number {
  if (text === '0') return 0;
  if (!whole.test(text)) throw new InvalidArgumentError('not a duration such as 90s or 5m');
  const sum = [...text.matchAll(part)].reduce((before, [, count, unit]) => before + Number(count) * unitMs[unit as keyof typeof unitMs], 0);
  if (sum > longestMs) throw new InvalidArgumentError(`longer than ${Math.floor(longestMs / unitMs.h)}h, which is the longest`);
  return sum;
}
