// Waits for a condition by checking it again and again, instead of sleeping for a guessed time.
import { setTimeout as pause } from 'node:timers/promises';

/** How long to wait and how often to check. */
export interface WaitOptions {
  readonly timeoutMs?: number;
  readonly everyMs?: number;
}

/**
 * Waits until `look` returns a value other than undefined or false, and returns that value.
 * @param what names the condition for the error: "node1 to be Ready"
 * @param look checks the condition; when it throws, the condition does not hold yet
 * @throws when the time (60 s by default) is over, with the last error of `look`
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
