// Medians, and ratios of interleaved runs.

/** @returns the middle value; for an even number of values the mean of the two in the middle; NaN for no values */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((one, other) => one - other);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}

/** After divided by before, over interleaved rounds. */
export interface Ratio {
  readonly median: number;
  readonly low: number;
  readonly high: number;
}

/**
 * Divides each value of `after` by the value of `before` of the same round: what slows the whole machine down slows both.
 * @param before and `after` have one value for each round, in the order of the rounds
 */
export function ratioOf(before: readonly number[], after: readonly number[]): Ratio {
  const ratios = after.map((value, round) => value / (before[round] ?? Number.NaN));
  return { median: median(ratios), low: Math.min(...ratios), high: Math.max(...ratios) };
}
