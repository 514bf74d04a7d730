// How long to wait after a failure: exponential, with jitter, so that many clients do not come back in the same moment.
import type { Random } from './clock';

/** Milliseconds. */
export interface BackoffRange {
  readonly firstMs: number;
  readonly maxMs: number;
}

/** Wait after the given number of failures in a row (from 1): half of the exponential step for certain, half by chance. */
export function backoffMs({ firstMs, maxMs }: BackoffRange, failures: number, random: Random): number {
  const step = Math.min(maxMs, firstMs * 2 ** Math.min(Math.max(failures, 1) - 1, 30));
  return Math.round(step / 2 + (step / 2) * random());
}
