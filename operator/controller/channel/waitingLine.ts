// Work that is done a few pieces at a time in the order it came, with a bound on those that wait and on how long they do.

export interface WaitingLineOptions {
  /** Pieces in work together. */
  readonly atOnce: number;
  /** Most that wait; a further one is told at once. */
  readonly longest: number;
  /** A piece that has waited longer is of no use to anybody any more. Milliseconds. */
  readonly patienceMs: number;
  /** Monotonic milliseconds. */
  readonly now: () => number;
}

export class LineTooLong extends Error {}

interface Waiting {
  readonly since: number;
  readonly wanted: () => boolean;
  readonly start: () => void;
  readonly giveUp: () => void;
}

export class WaitingLine {
  private working = 0;
  private waiting: Waiting[] = [];

  constructor(private readonly options: WaitingLineOptions) {}

  /**
   * What `work` gives, once it is its turn.
   * @param wanted whether somebody still waits for it; who has gone away keeps nobody else waiting
   * @throws LineTooLong when there are too many before it, or it would come too late
   */
  async run<T>(work: () => Promise<T>, wanted: () => boolean = () => true): Promise<T> {
    await this.turn(wanted);
    try {
      return await work();
    } finally {
      this.working -= 1;
      this.next();
    }
  }

  private turn(wanted: () => boolean): Promise<void> {
    const { atOnce, longest, now } = this.options;
    if (this.working < atOnce) {
      this.working += 1;
      return Promise.resolve();
    }
    if (this.waiting.length >= longest) this.dropUnwanted();
    if (this.waiting.length >= longest) return Promise.reject(new LineTooLong(`${longest} are waiting already`));
    return new Promise((resolve, reject) => {
      const start = (): void => {
        this.working += 1;
        resolve();
      };
      this.waiting.push({ since: now(), wanted, start, giveUp: () => reject(new LineTooLong('it has waited too long')) });
    });
  }

  private next(): void {
    const { patienceMs, now } = this.options;
    for (let first = this.waiting.shift(); first !== undefined; first = this.waiting.shift()) {
      if (first.wanted() && now() - first.since <= patienceMs) return first.start();
      first.giveUp();
    }
  }

  private dropUnwanted(): void {
    const all = this.waiting;
    this.waiting = all.filter(({ wanted }) => wanted());
    for (const { wanted, giveUp } of all) if (!wanted()) giveUp();
  }
}
