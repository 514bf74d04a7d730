// A row of the table: what became of one program on plain TCP and accelerated.
import { z } from 'zod';
import { median } from '../../../operator/cli/bench/statistics';

const count = z.number().min(0);

export const rowSchema = z.object({
  program: z.string(),
  hops: z.array(z.string()),
  checks: z.string(),
  unit: z.enum(['requests', 'transactions', 'bytes']),
  /** Checked rounds of work, on each side. */
  rounds: z.object({ tcp: count, accelerated: count }),
  /** Amount a second. */
  throughput: z.object({ tcp: count, accelerated: count }),
  /** Accelerated throughput by that on TCP, of each turn that both sides have come through. */
  ratios: z.array(count),
  /** The longest time, in milliseconds, in which no sidecar moved a byte while a client was connected; of all turns, warming up included. */
  standstillMs: z.object({ tcp: count, accelerated: count }),
  /** Of the bytes that all ends sent, those that were redirected. */
  acceleratedShare: z.number().min(0).max(1),
  /** Hops of which connections were joined: client to sidecar, sidecar to sidecar, inside the server's pod. */
  joinedHops: z.array(z.number()),
  /** The most connection ends that stayed on TCP at one time, by reason. */
  reasons: z.record(z.string(), count),
  /** Messages of joined connections that went over TCP, by gate. */
  passes: z.record(z.string(), count),
  /** What was wrong; on which side. */
  complaints: z.array(z.string()),
});

export type Row = z.infer<typeof rowSchema>;

export interface Results {
  readonly kernel: string;
  readonly rows: readonly Row[];
}

/** What a program must reach of its throughput on TCP. */
export const leastRatio = 0.95;

/** Wrong is what a checker complained of; missed, right but slower than it may be. */
export type Verdict = 'right' | 'missed' | 'wrong';

export function verdict(row: Row): Verdict {
  if (row.complaints.length > 0) return 'wrong';
  return ratio(row) >= leastRatio ? 'right' : 'missed';
}

/** The median of the turns' ratios; NaN without any. */
export function ratio({ ratios }: Row): number {
  return median(ratios);
}

/** With the lowest and the highest turn. */
export function ratioWords(row: Row): string {
  if (row.ratios.length === 0) return '–';
  const [middle, low, high] = [ratio(row), Math.min(...row.ratios), Math.max(...row.ratios)].map((each) => each.toFixed(2));
  return `${middle} (${low}–${high})`;
}

/** The rows of an earlier run; one of another form is to be measured anew. */
export function rowsOf(results: unknown): Row[] {
  const { rows } = z.object({ rows: z.array(z.unknown()) }).parse(results);
  return rows.flatMap((row) => rowSchema.safeParse(row).data ?? []);
}
