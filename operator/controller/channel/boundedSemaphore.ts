// A semaphore with a bound on the number of waiters and on their waiting time. Permits are given in the order of the requests.

export interface BoundedSemaphoreOptions {
  /** Number of works that run at the same time. */
  readonly permits: number;
  /** Most works that wait; a further one is rejected at once. */
  readonly maxWaiting: number;
  /** Longest wait in milliseconds, after which a work is rejected when its turn comes. */
  readonly maxWaitMs: number;
  /** A monotonic clock in milliseconds. */
  readonly now: () => number;
}

/** The work was rejected: too many waited before it, it waited too long, or its caller is gone. */
export class SemaphoreFull extends Error {}

interface Waiter {
  readonly since: number;
  readonly isWanted: () => boolean;
  readonly start: () => void;
  readonly reject: () => void;
}

export class BoundedSemaphore {
  private running = 0;
  private waiters: Waiter[] = [];

  constructor(private readonly options: BoundedSemaphoreOptions) {}

  /**
   * Runs `work` as soon as a permit is free, and returns its result.
   * @param isWanted false once nobody needs the result any more; a work that waits then gives up its turn
   * @throws SemaphoreFull
   */
  async run<T>(work: () => Promise<T>, isWanted: () => boolean = () => true): Promise<T> {
    await this.acquire(isWanted);
    try {
      return await work();
    } finally {
      this.running -= 1;
      this.startNext();
    }
  }

  private acquire(isWanted: () => boolean): Promise<void> {
    const { permits, maxWaiting, now } = this.options;
    if (this.running < permits) {
      this.running += 1;
      return Promise.resolve();
    }
    if (this.waiters.length >= maxWaiting) this.dropUnwanted();
    if (this.waiters.length >= maxWaiting) return Promise.reject(new SemaphoreFull(`${maxWaiting} are waiting already`));
    return new Promise((resolve, reject) => {
      const start = (): void => {
        this.running += 1;
        resolve();
      };
      this.waiters.push({ since: now(), isWanted, start, reject: () => reject(new SemaphoreFull('it has waited too long')) });
    });
  }

  private startNext(): void {
    const { maxWaitMs, now } = this.options;
    for (let first = this.waiters.shift(); first !== undefined; first = this.waiters.shift()) {
      if (first.isWanted() && now() - first.since <= maxWaitMs) return first.start();
      first.reject();
    }
  }

  private dropUnwanted(): void {
    const all = this.waiters;
    this.waiters = all.filter(({ isWanted }) => isWanted());
    for (const { isWanted, reject } of all) if (!isWanted()) reject();
  }
}
