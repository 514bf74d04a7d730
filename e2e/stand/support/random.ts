// Random choices that are the same for the same seed.

export class Random {
  constructor(private state: number) {}

  /** The next number, 0 ≤ number < 1 (mulberry32). */
  next(): number {
    this.state = (this.state + 0x6d2b79f5) >>> 0;
    let t = this.state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  }

  between(low: number, high: number): number {
    return low + this.next() * (high - low);
  }

  of<T>(choices: readonly T[]): T {
    return choices[Math.floor(this.next() * choices.length)] as T; // never empty
  }

  /** Takes each choice with the given probability. */
  some<T>(choices: readonly T[], chance: number): T[] {
    return choices.filter(() => this.next() < chance);
  }
}
