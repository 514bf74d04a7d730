// The share of accelerated connections as text, for the status and the terminal.

/** `part` of `whole` in whole percent, `-` when `whole` is 0. It is 100% only when `part` equals `whole`, and 0% only when `part` is 0. */
export function share(part: number, whole: number): string {
  if (whole === 0) return '-';
  const percent = Math.round((part / whole) * 100);
  if (percent === 100 && part < whole) return '99%';
  if (percent === 0 && part > 0) return '1%';
  return `${percent}%`;
}
