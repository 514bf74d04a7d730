// Polls a cluster and survives transient errors: one line on standard error names the error, and the waits grow.
import { errorLine } from '../base';
import { isTransient } from './failure';
import type { Surroundings } from './surroundings';

/** Waits after the first, second, ... failure in a row, in poll intervals; the last one repeats. */
const waits = [1, 2, 4, 8, 15, 30];

export class RetryingPoll {
  private failed = 0;
  private succeeded = false;

  constructor(private readonly world: Pick<Surroundings, 'progress' | 'nextPoll'>) {}

  /**
   * Calls `read` once. @returns its result; undefined after a transient error, when the wait before the next try is over
   * @throws the error of `read` when no call has succeeded yet, or when the error is not transient
   */
  async poll<T>(read: () => Promise<T>): Promise<T | undefined> {
    try {
      const found = await read();
      if (this.failed > 0) this.world.progress.finish();
      this.failed = 0;
      this.succeeded = true;
      return found;
    } catch (error) {
      if (!this.succeeded || !isTransient(error)) throw error;
      // Progress does not print the same line twice, so a lasting error gives one line.
      this.world.progress.show({ text: `${errorLine(error)}; trying again until the API server answers`, done: 0, total: 0 });
      const wait = waits[Math.min(this.failed++, waits.length - 1)] ?? 1;
      for (let polls = 1; polls < wait; polls += 1) if (!(await this.world.nextPoll())) break;
      return undefined;
    }
  }
}
