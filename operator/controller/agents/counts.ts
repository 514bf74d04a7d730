// Sums of counters that agents report.

/** The sum, but at most 2^53 - 1, the largest integer that a number represents exactly: the resource's schema allows no larger value. */
export function sum(counts: Iterable<number>): number {
  let total = 0;
  for (const count of counts) total = Math.min(total + count, Number.MAX_SAFE_INTEGER);
  return total;
}
