// The targets for a change of leader, and the figures that miss them.
import { percentile } from '../../stand/support/percentile';
import type { Failover, Failovers } from './results';

export const leadsWithinMs = 15_000;

/** The times in milliseconds of all rounds of one fault. */
export function times(rounds: readonly Failover[], fault: Failover['fault'], what: 'leadsMs' | 'ordersMs'): number[] {
  return rounds.filter((round) => round.fault === fault).map((round) => round[what]);
}

/** A line for each figure that misses its target. */
export function missed({ rounds, strayWrites }: Failovers): string[] {
  const p99 = percentile(times(rounds, 'SIGKILL', 'leadsMs'), 0.99);
  const late = p99 > leadsWithinMs ? [`another leads ${p99} ms (p99) after the leader was killed: more than ${leadsWithinMs} ms`] : [];
  return [...late, ...strayWrites.map((stray) => `written without holding the Lease: ${stray}`)];
}
