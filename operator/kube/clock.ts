// The clock and the random numbers as parameters, so that code that waits can be tested without waiting.

export interface Clock {
  /** A monotonic clock in milliseconds. It goes on while the process is stopped. */
  now(): number;
  /** Calls `call` once after `ms`. The returned function cancels that. */
  after(ms: number, call: () => void): () => void;
  /** Resolves after `ms`, or as soon as the signal is aborted; never rejects. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

export type { Random } from '../base';

/** The longest time of setTimeout, in milliseconds; it treats a longer one as 1 ms. */
const longestTimerMs = 2 ** 31 - 1;

export const systemClock: Clock = {
  now: () => performance.now(),
  after: (ms, call) => {
    const timer = setTimeout(call, Math.min(ms, longestTimerMs));
    return () => clearTimeout(timer);
  },
  sleep: (ms, signal) => sleepBy(systemClock.after, ms, signal),
};

/** `Clock.sleep`, made of `Clock.after`. */
export function sleepBy(after: Clock['after'], ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) return resolve();
    const stop = (): void => {
      cancel();
      signal?.removeEventListener('abort', stop);
      resolve();
    };
    const cancel = after(ms, stop);
    signal?.addEventListener('abort', stop);
  });
}
