// Limits the time of a canary node. A node that alternates between healthy and unhealthy would never be healthy for the whole bake, and never
// exceed the time to become healthy either.
import type { NodeState } from './node';
import type { RolloutPolicy } from './policy';

export interface Trial {
  /** Milliseconds since the epoch at which the updated node was first healthy, or first unhealthy after it had been healthy for a whole bake. */
  readonly since: number;
  /** Milliseconds since the epoch since which it has been healthy without a break; undefined while it is not. */
  readonly wellSince: number | undefined;
}

/**
 * The trial after an observation.
 * @param state the node's state now
 * @returns undefined while the node has never been healthy; then only the time to become healthy counts
 */
export function trialOf(before: Trial | undefined, { is }: NodeState, { bakeMs }: RolloutPolicy, now: number): Trial | undefined {
  if (is === 'Outdated' || is === 'Aside') return undefined;
  if (is === 'Updated') return before?.wellSince === undefined ? { since: before?.since ?? now, wellSince: now } : before;
  if (before?.wellSince === undefined) return before;
  return { since: isPassed(before, bakeMs, now) ? now : before.since, wellSince: undefined };
}

/** Why the trial has failed; undefined while it has not. @param lookingSince milliseconds since the epoch since which this controller observes */
export function lostBy(trial: Trial, { bakeMs, thresholds }: RolloutPolicy, lookingSince: number, now: number): string | undefined {
  const triedMs = now - Math.max(trial.since, lookingSince);
  if (triedMs <= thresholds.wellWithinMs + bakeMs || isPassed(trial, bakeMs, now)) return undefined;
  return `never healthy for ${Math.round(bakeMs / 1000)} s in a row within ${Math.round(triedMs / 1000)} s`;
}

function isPassed({ wellSince }: Trial, bakeMs: number, now: number): boolean {
  return wellSince !== undefined && now - wellSince >= bakeMs;
}
