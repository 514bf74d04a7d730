// A row of the page: what one situation did to one witness, on plain TCP and under the product.
import { z } from 'zod';
import { allowanceMs } from './pace';
import { ways } from './ways';

const count = z.number().min(0);

export const rowSchema = z.object({
  program: z.string(),
  situation: z.string(),
  way: z.enum(ways),
  kernel: z.string(),
  /** Turns of TCP and accelerated, one after the other. */
  turns: count,
  /** Every byte that came back was the one that was asked for; nothing failed and nothing hung. */
  right: z.boolean(),
  /** What was wrong, and on which side. */
  complaints: z.array(z.string()),
  /** The longest time without progress while something was outstanding, of all turns. */
  standstillMs: z.object({ tcp: count, accelerated: count }),
  /** The median of the turns' accelerated throughput by that on TCP; none where speed says nothing. */
  ratio: z.number().optional(),
  /** The least and the greatest of those. */
  spread: z.tuple([z.number(), z.number()]).optional(),
  /** The median of the redirected share of the bytes of both ends; none where nobody counted. */
  share: z.number().optional(),
  /** Reasons for which ends stayed on TCP, when it was over. */
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

/** How much longer it stood still than on plain TCP. */
export function longer({ tcp, accelerated }: Row['standstillMs']): number {
  return accelerated - tcp;
}

export function median(values: readonly number[]): number | undefined {
  const sorted = [...values].sort((a, b) => a - b);
  const [low, high] = [sorted[Math.floor((sorted.length - 1) / 2)], sorted[Math.floor(sorted.length / 2)]];
  return low === undefined || high === undefined ? undefined : (low + high) / 2;
}
