// How long to wait after a failure: exponential, with jitter, so that many clients do not return in the same moment.

/** Uniform in [0, 1). */
export type Random = () => number;

export interface BackoffRange {
  /** The longest wait after the first failure, in milliseconds. It doubles with each further failure in a row. */
  readonly firstMs: number;
  /** The longest wait, in milliseconds. */
  readonly maxMs: number;
  /** The shortest wait, in milliseconds. Without it, the shortest wait is half of the longest wait at that time. */
  readonly minMs?: number;
}

/** Milliseconds to wait after the given number of failures in a row (from 1): uniform between the shortest wait and the longest. */
export function backoffMs({ firstMs, maxMs, minMs }: BackoffRange, failures: number, random: Random): number {
  const longest = Math.min(maxMs, firstMs * 2 ** Math.min(Math.max(failures, 1) - 1, 30));
  const shortest = minMs ?? longest / 2;
  return Math.round(shortest + random() * (longest - shortest));
}

/** A back-off that counts the failures in a row. */
export class Backoff {
  private failures = 0;

  constructor(
    private readonly range: BackoffRange,
    private readonly random: Random = Math.random,
  ) {}

  /** Counts a failure, and returns the milliseconds to wait. */
  next(): number {
    this.failures += 1;
    return backoffMs(this.range, this.failures, this.random);
  }

  /** After a success: the next failure counts as the first. */
  reset(): void {
    this.failures = 0;
  }
}
