// A budget that is spent and fills again as time passes.

/** `burst` may be spent at once, and `perSecond` again in each second. */
export interface Rate {
  readonly burst: number;
  readonly perSecond: number;
}

/** A budget that can be overdrawn; the debt is then paid by time. */
export class Allowance {
  private left: number;
  private since: number;

  constructor(
    private readonly rate: Rate,
    /** A monotonic clock in milliseconds. */
    private readonly now: () => number = () => performance.now(),
  ) {
    this.left = rate.burst;
    this.since = now();
  }

  spend(amount: number): void {
    const now = this.now();
    this.left = Math.min(this.rate.burst, this.left + ((now - this.since) / 1000) * this.rate.perSecond) - amount;
    this.since = now;
  }

  /** Milliseconds until the budget is not overdrawn any more; 0 when it is not. */
  debtMs(): number {
    this.spend(0);
    return Math.max(0, (-this.left / this.rate.perSecond) * 1000);
  }
}
