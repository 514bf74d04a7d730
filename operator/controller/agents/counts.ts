// Arithmetic on what agents report: sums that stay exact or stand still.

/** The sum, or the largest integer that a number holds exactly: the resource's schema takes nothing larger. */
export function sum(counts: Iterable<number>): number {
  let total = 0;
  for (const count of counts) total = Math.min(total + count, Number.MAX_SAFE_INTEGER);
  return total;
}
