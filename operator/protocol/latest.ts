// Sends values one at a time; while one is on its way only the latest waits behind it.

/** For state that is sent whole: what is older than the latest value is of no use to anybody. */
export class LatestWriter<T> {
  private sending = false;
  private waiting: T | undefined;
  private ended = false;

  /** @param write calls `done` when the value is on its way and the next may follow */
  constructor(private readonly write: (value: T, done: () => void) => void) {}

  /** Nothing goes out, as if a value were on its way, until the function that it gives back is called. To be called before `send`. */
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

  /** Nothing is sent any more. */
  end(): void {
    this.ended = true;
    this.waiting = undefined;
  }
}
