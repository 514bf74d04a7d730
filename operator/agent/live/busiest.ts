// Finds the connection ends of a pod that have sent the most bytes, and sums over all ends, while an iterator of any length yields the ends.
import type { ConnectionEnd, DescribedEnd } from '../datapath/contract';

/** Sums over all open connection ends of a pod. */
export interface Sums {
  readonly open: number;
  readonly accelerated: number;
  readonly fastBytes: number;
  readonly tcpBytes: number;
  /** Mean round-trip time in microseconds. */
  readonly rttUs: number;
}

interface Kept {
  readonly sent: number;
  readonly end: ConnectionEnd;
}

export class Busiest {
  private kept: Kept[] = [];
  /** An end that has sent this many bytes or fewer is not among the busiest. */
  private least = -1;
  private readonly sums = { open: 0, accelerated: 0, fastBytes: 0, tcpBytes: 0, rttUs: 0 };

  /** @param most how many connection ends the result has. Up to twice as many are stored; then they are sorted and cut to `most`. */
  constructor(private readonly most: number) {}

  add(ends: readonly DescribedEnd[]): void {
    for (const end of ends) this.addOne(end);
  }

  /** The ends that have sent the most bytes, in no order. */
  ends(): ConnectionEnd[] {
    this.trim();
    return this.kept.map(({ end }) => end);
  }

  /** Sums over all ends. */
  all(): Sums {
    const { open, rttUs } = this.sums;
    return { ...this.sums, rttUs: open === 0 ? 0 : Math.round(rttUs / open) };
  }

  private addOne(end: DescribedEnd): void {
    const { sums } = this;
    const sent = end.fastBytes + end.tcpBytes;
    sums.open += 1;
    sums.accelerated += end.accelerated ? 1 : 0;
    sums.fastBytes += end.fastBytes;
    sums.tcpBytes += end.tcpBytes;
    sums.rttUs += end.rttUs;
    if (sent <= this.least) return;
    this.kept.push({ sent, end: end.whole() });
    if (this.kept.length >= 2 * this.most) this.trim();
  }

  private trim(): void {
    if (this.kept.length <= this.most) return;
    this.kept = this.kept.sort((a, b) => b.sent - a.sent).slice(0, this.most);
    this.least = this.kept.at(-1)?.sent ?? -1;
  }
}
