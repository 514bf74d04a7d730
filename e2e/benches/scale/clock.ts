// A clock that all processes of the machine share.

/** Milliseconds of CLOCK_MONOTONIC, which is the same in every process. */
export function monotonicMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}
