// When to try again: exponential with full jitter, so that a thousand agents do not return in the same second.

export interface BackoffOptions {
  readonly minMs: number;
  readonly maxMs: number;
  /** Uniform in [0, 1). */
  readonly random: () => number;
}

/** The longest wait is half of what all agents of a cluster may take to come back. */
export class Backoff {
  private attempts = 0;

  constructor(private readonly options: BackoffOptions = { minMs: 1000, maxMs: 15_000, random: Math.random }) {}

  /** Milliseconds to wait now: uniform between the least wait and a ceiling that doubles with every call. */
  next(): number {
    const { minMs, maxMs, random } = this.options;
    this.attempts += 1;
    const ceiling = Math.min(maxMs, minMs * 2 ** Math.min(this.attempts, 30));
    return Math.round(minMs + random() * (ceiling - minMs));
  }

  reset(): void {
    this.attempts = 0;
  }
}
