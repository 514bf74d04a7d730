// Sends values one at a time. While a value is being sent, only the latest of the further values waits.

/** For state that is sent whole, so that only the latest value matters. */
export class LatestWriter<T> {
  private sending = false;
  private waiting: T | undefined;
  private ended = false;

  /** @param write sends a value and calls `done` when the next value may follow */
  constructor(private readonly write: (value: T, done: () => void) => void) {}

  /** Sends nothing until the returned function is called. Must be called before the first `send`. */
  hold(): () => void {
    this.sending = true;
    let held = true;
    return () => {
      if (held) this.goOn();
      held = false;
    };
  }

  send(value: T): void {
    if (this.ended) return;
    if (this.sending) {
      this.waiting = value;
      return;
    }
    this.sending = true;
    this.write(value, () => this.goOn());
  }

  private goOn(): void {
    this.sending = false;
    const next = this.waiting;
    this.waiting = undefined;
    if (next !== undefined) this.send(next);
  }

  /** Sends nothing after this call, not even the value that waits. */
  end(): void {
    this.ended = true;
    this.waiting = undefined;
  }
}
