// Arithmetic on what agents report: sums that stay exact or stand still, and shares as people read them.

/** The sum, or the largest integer that a number holds exactly: the resource's schema takes nothing larger. */
export function sum(counts: Iterable<number>): number {
  let total = 0;
  for (const count of counts) total = Math.min(total + count, Number.MAX_SAFE_INTEGER);
  return total;
}

/** Whole percent, `-` of nothing; 100% only when it is all of them, and 0% only when it is none. */
export function share(part: number, whole: number): string {
  if (whole === 0) return '-';
  const percent = Math.round((part / whole) * 100);
  if (percent === 100 && part < whole) return '99%';
  if (percent === 0 && part > 0) return '1%';
  return `${percent}%`;
}
