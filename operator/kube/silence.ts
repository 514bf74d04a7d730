// Notices that nothing was heard for too long: a connection that died without a word.
import type { Clock } from './clock';

/** Gives its signal when nothing was heard for the time allowed. */
export class Silence {
  private readonly dead = new AbortController();
  private cancel: () => void;
  private ms: number;

  /** @param allowedMs is asked again each time something was heard */
  constructor(
    private readonly clock: Clock,
    private readonly allowedMs: () => number,
  ) {
    this.ms = allowedMs();
    this.cancel = this.armed();
  }

  /** Its reason is a text: how long it was silent, or why it was doubted. */
  get signal(): AbortSignal {
    return this.dead.signal;
  }

  /** Something was heard. */
  broken(): void {
    this.cancel();
    this.ms = this.allowedMs();
    this.cancel = this.armed();
  }

  /** Nothing more is expected: it is given at once. @param why it is taken for dead */
  doubt(why: string): void {
    this.dead.abort(why);
  }

  end(): void {
    this.cancel();
  }

  private armed(): () => void {
    return this.clock.after(this.ms, () => this.dead.abort(`silent for ${this.ms} ms`));
  }
}
