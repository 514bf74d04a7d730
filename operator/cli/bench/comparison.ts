// The texts of one table cell that compares acceleration off and on.
import { median, ratioOf } from './statistics';

/** For example: `medians` 100 → 140, `ratio` ×1.40, and `spread`, the range of the ratio over the rounds, 1.30–1.50. */
export interface Comparison {
  readonly medians: string;
  readonly ratio: string;
  readonly spread: string;
}

/**
 * @param off and `on` have one value for each round, in the order of the rounds
 * @param digits number of decimals of the medians
 */
export function compared(off: readonly number[], on: readonly number[], digits: number): Comparison {
  const ratio = ratioOf(off, on);
  return {
    medians: `${median(off).toFixed(digits)} → ${median(on).toFixed(digits)}`,
    ratio: `×${ratio.median.toFixed(2)}`,
    spread: `${ratio.low.toFixed(2)}–${ratio.high.toFixed(2)}`,
  };
}
