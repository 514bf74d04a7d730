// Detects a watch that receives nothing for too long, because its connection is dead.
import type { Clock } from './clock';

/** Aborts its signal when nothing was received within the allowed time. */
export class Silence {
  private readonly dead = new AbortController();
  private cancel: () => void;
  private ms: number;

  /** @param allowedMs the allowed time in milliseconds; called again after each received event */
  constructor(
    private readonly clock: Clock,
    private readonly allowedMs: () => number,
  ) {
    this.ms = allowedMs();
    this.cancel = this.armed();
  }

  /** Its reason is a text: how long nothing was received, or the argument of `doubt`. */
  get signal(): AbortSignal {
    return this.dead.signal;
  }

  /** An event was received: the time begins again. */
  broken(): void {
    this.cancel();
    this.ms = this.allowedMs();
    this.cancel = this.armed();
  }

  /** Aborts the signal at once. @param why the reason */
  doubt(why: string): void {
    this.dead.abort(why);
  }

  /** Stops the timer. */
  end(): void {
    this.cancel();
  }

  private armed(): () => void {
    return this.clock.after(this.ms, () => this.dead.abort(`nothing received for ${this.ms} ms`));
  }
}
