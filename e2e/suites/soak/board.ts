// What the traffic processes show each other (traffic/board.h), as far as disturbances use it: they are aimed at moments at
// which readers sleep over redirected bytes.
import { closeSync, openSync, readSync, rmSync, writeSync } from 'node:fs';
import { waitFor } from '../../stand/support/waitFor';

/** Readers kept asleep sleep for so long at most, counted from when they fell asleep by themselves (traffic/nap.h, HELD_MS). */
const heldMs = 800;
/** A nap that nobody prolongs (traffic/plan.h); one that had begun before is kept for the rest of `heldMs`. */
const longestNapMs = 256;
const holdAt = 0;
const asleepAt = 8;

export class Board {
  private readonly file: number;
  /** Of what was aimed: how often readers slept over redirected bytes from before it began until it was done. */
  hits = 0;

  /** @param path of a file that is made anew, and removed by close() */
  constructor(readonly path: string) {
    this.file = openSync(path, 'w+');
  }

  close(): void {
    closeSync(this.file);
    rmSync(this.path);
  }

  /** Does something while readers sleep over redirected bytes; without them where none does for two seconds. */
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

  /** How many readers sleep over redirected bytes. */
  private get asleep(): number {
    const word = new BigUint64Array(1);
    readSync(this.file, word, 0, word.byteLength, asleepAt);
    return Number(word[0]);
  }

  private hold(on: boolean): void {
    writeSync(this.file, new BigUint64Array([on ? 1n : 0n]), 0, undefined, holdAt);
  }
}
