// What the tests of faults measured, kept below build/ until docs/faults.* is written from it.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { buildDirectory } from '../../../release/tools/paths';

const count = z.int().min(0);
const requestRate = z.object({ requests: count, perSecond: z.number(), busiestSecond: count, busiestTenSeconds: z.number() });

/** What one controller asked of the API server while a fault lasted. */
export const endured = z.object({ fault: z.string(), seconds: z.number(), rate: requestRate, convergedMs: z.number() });
export type Endured = z.infer<typeof endured>;

/** One loss of a leader. Milliseconds from the moment of the fault. */
export const failover = z.object({
  fault: z.enum(['SIGKILL', 'SIGSTOP', 'partition']),
  /** Until another holds the Lease. */
  leadsMs: z.number(),
  /** Until an agent is told by it what was changed meanwhile. */
  ordersMs: z.number(),
});
export type Failover = z.infer<typeof failover>;

export const failovers = z.object({
  controllers: count,
  rounds: z.array(failover),
  /** Answered requests that change something, of all controllers, the Lease and TokenReviews left out. */
  writes: count,
  /** Of these, by a controller that did not hold the Lease then. */
  strayWrites: z.array(z.string()),
});
export type Failovers = z.infer<typeof failovers>;

/** Bytes that no honest agent sends, decoded. */
export const fuzzed = z.object({ inputs: count, accepted: count, seed: count, slowestMs: z.number(), grownBytes: z.int(), findings: count });
export type Fuzzed = z.infer<typeof fuzzed>;

type Name = 'requests' | 'failovers' | 'fuzz';

const directory = join(buildDirectory, 'faults');
const fileOf = (name: string): string => join(directory, `${name}.json`);

export function keep(name: Name, value: unknown): void {
  mkdirSync(directory, { recursive: true });
  writeFileSync(fileOf(name), `${JSON.stringify(value, null, 2)}\n`);
}

/** @returns undefined when nothing was kept @throws ZodError for what is not of this shape */
export function kept<T>(name: Name, schema: z.ZodType<T>): T | undefined {
  return existsSync(fileOf(name)) ? schema.parse(JSON.parse(readFileSync(fileOf(name), 'utf8'))) : undefined;
}

/** Beside those of other faults that were kept before: a run may be one of a part of them. */
export function keepRequests(latest: readonly Endured[]): void {
  const before = kept('requests', z.array(endured)) ?? [];
  keep('requests', [...before.filter(({ fault }) => latest.every((each) => each.fault !== fault)), ...latest]);
}
