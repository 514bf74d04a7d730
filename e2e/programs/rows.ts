// A row of the table: what became of one program on plain TCP and accelerated.
import { z } from 'zod';

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

export const resultsSchema = z.object({ kernel: z.string(), rows: z.array(rowSchema) });

export type Results = z.infer<typeof resultsSchema>;

export function verdict(row: Row): 'right' | 'wrong' {
  return row.complaints.length === 0 ? 'right' : 'wrong';
}

/** Accelerated throughput by that on TCP. */
export function ratio({ throughput }: Row): number {
  return throughput.accelerated / throughput.tcp;
}
