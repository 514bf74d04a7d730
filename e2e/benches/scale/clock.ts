// One clock for all processes of the machine.

/** Milliseconds of CLOCK_MONOTONIC, which every process reads alike. */
export function monotonicMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}
