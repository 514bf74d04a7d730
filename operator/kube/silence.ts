// Notices that nothing was heard for too long: a connection that died without a word.
import type { Clock } from './clock';

/** Gives its signal when nothing was heard for the time allowed. */
export class Silence {
  private readonly dead = new AbortController();
  private cancel: () => void;
  /** The time allowed when something was heard last. */
  ms: number;

  /** @param allowedMs is asked again each time something was heard */
  constructor(
    private readonly clock: Clock,
    private readonly allowedMs: () => number,
  ) {
    this.ms = allowedMs();
    this.cancel = this.armed();
  }

  get signal(): AbortSignal {
    return this.dead.signal;
  }

  /** Something was heard. */
  broken(): void {
    this.cancel();
    this.ms = this.allowedMs();
    this.cancel = this.armed();
  }

  end(): void {
    this.cancel();
  }

  private armed(): () => void {
    return this.clock.after(this.ms, () => this.dead.abort());
  }
}
