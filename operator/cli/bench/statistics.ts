// Medians, and ratios of runs that were made side by side.

/** @returns the middle value; of an even number of values the mean of the two in the middle; NaN of none */
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
 * Divides each round's value by its partner of the same round: what slows the whole machine down slows both.
 * @param before and after hold one value a round, in the order of the rounds
 */
export function ratioOf(before: readonly number[], after: readonly number[]): Ratio {
  const ratios = after.map((value, round) => value / (before[round] ?? Number.NaN));
  return { median: median(ratios), low: Math.min(...ratios), high: Math.max(...ratios) };
}
