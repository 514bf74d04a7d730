// A row of the page: how one program did on plain TCP and accelerated.
import { z } from 'zod';
import { median } from '../../../operator/cli/bench/statistics';

const count = z.number().min(0);

export const rowSchema = z.object({
  program: z.string(),
  hops: z.array(z.string()),
  checks: z.string(),
  unit: z.enum(['requests', 'transactions', 'bytes']),
  /** Checked rounds of work, on TCP and accelerated. */
  rounds: z.object({ tcp: count, accelerated: count }),
  /** The amount of work for each second. */
  throughput: z.object({ tcp: count, accelerated: count }),
  /** Accelerated throughput divided by that on TCP, for each turn that has succeeded on both sides. */
  ratios: z.array(count),
  /** The longest time of all turns, in milliseconds, in which no sidecar moved a byte while a client ran; the warm-up is included. */
  standstillMs: z.object({ tcp: count, accelerated: count }),
  /** The share of the bytes sent by all ends that was redirected. */
  acceleratedShare: z.number().min(0).max(1),
  /** The hops on which connections were joined: 1 client to sidecar, 2 sidecar to sidecar, 3 inside the server's pod. */
  joinedHops: z.array(z.number()),
  /** The most connection ends that stayed on TCP at one time, by reason. */
  reasons: z.record(z.string(), count),
  /** Messages of joined connections that went over TCP, by gate. */
  passes: z.record(z.string(), count),
  /** What was wrong, and whether on TCP or accelerated. */
  complaints: z.array(z.string()),
});

export type Row = z.infer<typeof rowSchema>;

export interface Results {
  readonly kernel: string;
  readonly rows: readonly Row[];
}

/** The share of its throughput on TCP that a program must reach accelerated. */
export const leastRatio = 0.95;

/** `wrong`: there are complaints. `missed`: right, but slower than allowed. */
export type Verdict = 'right' | 'missed' | 'wrong';

export function verdict(row: Row): Verdict {
  if (row.complaints.length > 0) return 'wrong';
  return ratio(row) >= leastRatio ? 'right' : 'missed';
}

/** The median of the turns' ratios; NaN without any. */
export function ratio({ ratios }: Row): number {
  return median(ratios);
}

/** The ratio with the lowest and the highest turn, in words. */
export function ratioWords(row: Row): string {
  if (row.ratios.length === 0) return '–';
  const [middle, low, high] = [ratio(row), Math.min(...row.ratios), Math.max(...row.ratios)].map((each) => each.toFixed(2));
  return `${middle} (${low}–${high})`;
}

/** The rows of an earlier run; a row of another form is left out, and must be measured anew. */
export function rowsOf(results: unknown): Row[] {
  const { rows } = z.object({ rows: z.array(z.unknown()) }).parse(results);
  return rows.flatMap((row) => rowSchema.safeParse(row).data ?? []);
}
