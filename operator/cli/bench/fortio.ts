// Reads fortio's report of a run: the JSON of fortio 1.66.
import { z } from 'zod';

/** Times in milliseconds. */
export interface LoadResult {
  readonly requests: number;
  readonly qps: number;
  readonly avgMs: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Failed requests and failed connection attempts. */
  readonly errors: number;
}

const reportSchema = z.object({
  ActualQPS: z.number(),
  RetCodes: z.record(z.string(), z.number()),
  DurationHistogram: z.object({
    Count: z.number(),
    Avg: z.number(),
    Percentiles: z.array(z.object({ Percentile: z.number(), Value: z.number() })),
  }),
});

const successCodes = new Set(['OK', '200']);

/** @throws ZodError when the report has not the format of fortio 1.66 */
export function loadResultOf(report: unknown): LoadResult {
  const { ActualQPS, DurationHistogram, RetCodes } = reportSchema.parse(report);
  const { Avg, Count, Percentiles } = DurationHistogram;
  const percentile = (wanted: number): number => 1000 * (Percentiles.find(({ Percentile }) => Percentile === wanted)?.Value ?? Number.NaN);
  const failures = Object.entries(RetCodes).filter(([code]) => !successCodes.has(code));
  return {
    requests: Count,
    qps: ActualQPS,
    avgMs: 1000 * Avg,
    p50Ms: percentile(50),
    p99Ms: percentile(99),
    errors: failures.reduce((sum, [, count]) => sum + count, 0),
  };
}
