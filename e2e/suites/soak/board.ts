// The part of the traffic processes' shared board (traffic/board.h) with which disturbances are aimed at moments at which readers
// sleep with redirected bytes unread.
import { closeSync, openSync, readSync, rmSync, writeSync } from 'node:fs';
import { waitFor } from '../../stand/support/waitFor';

/** The longest time, in milliseconds from the beginning of its nap, for which a reader is kept asleep (traffic/nap.h, HELD_MS). */
const heldMs = 800;
/** The longest nap that is not prolonged (traffic/plan.h). A nap that had begun before aim() is prolonged for the rest of `heldMs`. */
const longestNapMs = 256;
const holdAt = 0;
const asleepAt = 8;

export class Board {
  private readonly file: number;
  /** How many of the aimed disturbances were made while readers slept with redirected bytes unread, from the beginning to the end. */
  hits = 0;

  /** @param path a file that is made anew here, and removed by close() */
  constructor(readonly path: string) {
    this.file = openSync(path, 'w+');
  }

  close(): void {
    closeSync(this.file);
    rmSync(this.path);
  }

  /** Calls `act` while readers sleep with redirected bytes unread. When none does so for two seconds, `act` is called without them. */
  async aim(act: () => Promise<void>): Promise<void> {
    this.hold(true);
    try {
      const aimed = await waitFor('a reader to sleep', () => this.asleep > 0, { timeoutMs: 2000, everyMs: 1 }).catch(() => false);
      const begun = performance.now();
      await act();
      if (aimed && this.asleep > 0 && performance.now() - begun < heldMs - longestNapMs) this.hits++;
    } finally {
      this.hold(false);
    }
  }

  /** How many readers sleep with redirected bytes unread. */
  private get asleep(): number {
    const word = new BigUint64Array(1);
    readSync(this.file, word, 0, word.byteLength, asleepAt);
    return Number(word[0]);
  }

  private hold(on: boolean): void {
    writeSync(this.file, new BigUint64Array([on ? 1n : 0n]), 0, undefined, holdAt);
  }
}
