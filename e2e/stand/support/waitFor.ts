// Waits for a condition by looking again and again, never by guessing how long something takes.
import { setTimeout as pause } from 'node:timers/promises';

/** How long and how often to look. */
export interface WaitOptions {
  readonly timeoutMs?: number;
  readonly everyMs?: number;
}

/**
 * Waits until `look` returns something other than undefined or false, and returns that.
 * @param what is being waited for, for the error: "node1 to be Ready"
 * @param look may throw: then the condition does not hold yet
 * @throws when the time (60 s unless told) is over, with what `look` threw last
 */
export async function waitFor<T>(
  what: string,
  look: () => Promise<T | undefined | false> | T | undefined | false,
  { timeoutMs = 60_000, everyMs = 200 }: WaitOptions = {},
): Promise<T> {
  const deadline = Date.now() + timeoutMs;
  let lastError: unknown;
  do {
    try {
      const seen = await look();
      if (seen !== undefined && seen !== false) return seen;
      lastError = undefined;
    } catch (error) {
      lastError = error;
    }
    await pause(everyMs);
  } while (Date.now() < deadline);
  const reason = lastError === undefined ? 'it did not come' : `last error: ${(lastError as Error).message}`;
  throw new Error(`waiting ${timeoutMs / 1000} s for ${what}: ${reason}`);
}
