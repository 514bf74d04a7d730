// The results of the tests of faults, kept below build/ until docs/faults.* is written from them.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { buildDirectory } from '../../../release/tools/paths';

const count = z.int().min(0);
const requestRate = z.object({ requests: count, perSecond: z.number(), busiestSecond: count, busiestTenSeconds: z.number() });

/** The requests of the controller while a fault lasted, and how long until everything was right afterwards. */
export const endured = z.object({ fault: z.string(), seconds: z.number(), rate: requestRate, convergedMs: z.number() });
export type Endured = z.infer<typeof endured>;

/** One failure of a leader. Times are in milliseconds from the fault on. */
export const failover = z.object({
  fault: z.enum(['SIGKILL', 'SIGSTOP', 'partition']),
  /** Until another controller holds the Lease. */
  leadsMs: z.number(),
  /** Until an agent has an order of the new leader with what was changed during the fault. */
  ordersMs: z.number(),
});
export type Failover = z.infer<typeof failover>;

export const failovers = z.object({
  controllers: count,
  rounds: z.array(failover),
  /** The number of answered requests of all controllers that change something, without those for the Lease and TokenReviews. */
  writes: count,
  /** Those of the writes that came from a controller which did not hold the Lease at that moment. */
  strayWrites: z.array(z.string()),
});
export type Failovers = z.infer<typeof failovers>;

/** The result of decoding fuzzed messages. */
export const fuzzed = z.object({ inputs: count, accepted: count, seed: count, slowestMs: z.number(), grownBytes: z.int(), findings: count });
export type Fuzzed = z.infer<typeof fuzzed>;

type Name = 'requests' | 'failovers' | 'fuzz';

const directory = join(buildDirectory, 'faults');
const fileOf = (name: string): string => join(directory, `${name}.json`);

export function keep(name: Name, value: unknown): void {
  mkdirSync(directory, { recursive: true });
  writeFileSync(fileOf(name), `${JSON.stringify(value, null, 2)}\n`);
}

/** Reads a kept result. @returns undefined when none was kept @throws ZodError when it has another form */
export function kept<T>(name: Name, schema: z.ZodType<T>): T | undefined {
  return existsSync(fileOf(name)) ? schema.parse(JSON.parse(readFileSync(fileOf(name), 'utf8'))) : undefined;
}

/** Keeps the results beside earlier ones of other faults, because a run may have only some of the faults. */
export function keepRequests(latest: readonly Endured[]): void {
  const before = kept('requests', z.array(endured)) ?? [];
  keep('requests', [...before.filter(({ fault }) => latest.every((each) => each.fault !== fault)), ...latest]);
}
