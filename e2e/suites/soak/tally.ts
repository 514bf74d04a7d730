// The counts of traffic processes, as each process prints them and as a sum.
import { z } from 'zod';

const count = z.int().min(0);

/** One line that e2e/suites/soak/traffic/tally.h prints: counts of bytes and of connection ends. */
export const tallySchema = z.object({
  sent: count,
  received: count,
  wrong: count,
  opened: count,
  finished: count,
  failed: count,
  stalled: count,
  longest: count,
  returned: count,
  cut: count,
  open: count,
});
export type Tally = z.infer<typeof tallySchema>;

/** A connection end on which nothing moves: its own port and that of its peer. */
export const stallSchema = z.object({ stalledPort: count, towards: count });
export type Stall = z.infer<typeof stallSchema>;

export const lineSchema = z.union([tallySchema, z.object({ trouble: z.string() }), stallSchema]);

export const nothing: Tally = {
  sent: 0,
  received: 0,
  wrong: 0,
  opened: 0,
  finished: 0,
  failed: 0,
  stalled: 0,
  longest: 0,
  returned: 0,
  cut: 0,
  open: 0,
};

export function sum(tallies: readonly Tally[]): Tally {
  const total = { ...nothing };
  for (const tally of tallies) for (const key of Object.keys(total) as (keyof Tally)[]) total[key] += tally[key];
  return { ...total, longest: Math.max(0, ...tallies.map(({ longest }) => longest)) };
}
