// Time and randomness as values, so that whatever waits can be tested without waiting.

export interface Clock {
  /** Milliseconds since some fixed moment; never goes back, and goes on while the process is stopped. */
  now(): number;
  /** Calls back once after `ms`; what it returns takes that back. */
  after(ms: number, call: () => void): () => void;
  /** Resolves after `ms`, or at once when the signal is given; never rejects. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

export type { Random } from '../base';

/** setTimeout takes longer times for 1 ms. */
const longestTimerMs = 2 ** 31 - 1;

export const systemClock: Clock = {
  now: () => performance.now(),
  after: (ms, call) => {
    const timer = setTimeout(call, Math.min(ms, longestTimerMs));
    return () => clearTimeout(timer);
  },
  sleep: (ms, signal) => sleepBy(systemClock.after, ms, signal),
};

/** `Clock.sleep` on top of `Clock.after`. */
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
