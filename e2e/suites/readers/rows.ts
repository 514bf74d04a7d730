// A row of the page: how one witness did in one situation, on plain TCP and accelerated.
import { z } from 'zod';
import { allowanceMs } from './pace';
import { ways } from './ways';

const count = z.number().min(0);

export const rowSchema = z.object({
  program: z.string(),
  situation: z.string(),
  way: z.enum(ways),
  kernel: z.string(),
  /** How often the situation was played on plain TCP and accelerated, one after the other. */
  turns: count,
  /** Whether every byte of the answers was right, nothing failed and nothing hung. */
  right: z.boolean(),
  /** What was wrong, and whether on plain TCP or accelerated. */
  complaints: z.array(z.string()),
  /** The longest time without progress while an answer was outstanding, of all turns. */
  standstillMs: z.object({ tcp: count, accelerated: count }),
  /** Accelerated throughput divided by that on TCP, the median of the turns; absent in situations whose speed is not compared. */
  ratio: z.number().optional(),
  /** The least and the greatest of the turns' ratios. */
  spread: z.tuple([z.number(), z.number()]).optional(),
  /** The share of both ends' bytes that was redirected, the median of the turns; absent where no agent counted. */
  share: z.number().optional(),
  /** The reasons of the connection ends that were not accelerated when a turn was over. */
  reasons: z.array(z.string()),
});
export type Row = z.infer<typeof rowSchema>;

export const resultsSchema = z.object({ rows: z.array(rowSchema) });
export type Results = z.infer<typeof resultsSchema>;

export type Verdict = 'right' | 'slow' | 'wrong';

export function verdict({ right, standstillMs }: Row, mayMs = allowanceMs): Verdict {
  if (!right) return 'wrong';
  return longer(standstillMs) > mayMs ? 'slow' : 'right';
}

/** By how many milliseconds the accelerated witness stood still longer than on plain TCP. */
export function longer({ tcp, accelerated }: Row['standstillMs']): number {
  return accelerated - tcp;
}

export function median(values: readonly number[]): number | undefined {
  const sorted = [...values].sort((a, b) => a - b);
  const [low, high] = [sorted[Math.floor((sorted.length - 1) / 2)], sorted[Math.floor(sorted.length / 2)]];
  return low === undefined || high === undefined ? undefined : (low + high) / 2;
}
