// The share of accelerated connections as people read it, in the status and in the terminal.

/** Whole percent, `-` of nothing; 100% only when it is all of them, and 0% only when it is none. */
export function share(part: number, whole: number): string {
  if (whole === 0) return '-';
  const percent = Math.round((part / whole) * 100);
  if (percent === 100 && part < whole) return '99%';
  if (percent === 0 && part > 0) return '1%';
  return `${percent}%`;
}
