// One figure with the mode off and on, in words: how tables show it.
import { median, ratioOf } from './statistics';

/** `medians` as in 100 → 140, `ratio` as in ×1.40, `spread` of the ratio over the rounds as in 1.30–1.50. */
export interface Comparison {
  readonly medians: string;
  readonly ratio: string;
  readonly spread: string;
}

/**
 * @param off and on hold one value a round, in the order of the rounds
 * @param digits behind the point, of the medians
 */
export function compared(off: readonly number[], on: readonly number[], digits: number): Comparison {
  const ratio = ratioOf(off, on);
  return {
    medians: `${median(off).toFixed(digits)} → ${median(on).toFixed(digits)}`,
    ratio: `×${ratio.median.toFixed(2)}`,
    spread: `${ratio.low.toFixed(2)}–${ratio.high.toFixed(2)}`,
  };
}
