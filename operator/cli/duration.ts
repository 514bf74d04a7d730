// Time limits on the command line: 90s, 5m, 1h30m.
import { InvalidArgumentError } from 'commander';

const unitMs = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 } as const;
const whole = /^(\d+(ms|s|m|h))+$/;
const part = /(\d+)(ms|s|m|h)/g;

/**
 * Parses a duration in Go's notation without fractions. @returns milliseconds; 0 for `0`
 * @throws InvalidArgumentError, which ends the program as a usage error
 */
export function duration(text: string): number {
  if (text === '0') return 0;
  if (!whole.test(text)) throw new InvalidArgumentError('not a duration such as 90s or 5m');
  return [...text.matchAll(part)].reduce((sum, [, count, unit]) => sum + Number(count) * unitMs[unit as keyof typeof unitMs], 0);
}
