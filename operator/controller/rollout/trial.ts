// How long a canary has been tried. One that is well and not well in turn would never be well for long enough, and never miss its time either.
import type { NodeState } from './node';
import type { RolloutPolicy } from './policy';

export interface Trial {
  /** Milliseconds since the epoch: when the node was first seen updated and well, or first not well after it had been well for the whole bake. */
  readonly since: number;
  /** Milliseconds since the epoch: since when it has been well without a break; undefined while it is not. */
  readonly wellSince: number | undefined;
}

/** @param state of the node by what is seen of it now. @returns undefined while there is nothing to try: one that has never been well is judged by its time alone */
export function trialOf(before: Trial | undefined, { is }: NodeState, { bakeMs }: RolloutPolicy, now: number): Trial | undefined {
  if (is === 'Outdated' || is === 'Aside') return undefined;
  if (is === 'Updated') return before?.wellSince === undefined ? { since: before?.since ?? now, wellSince: now } : before;
  if (before?.wellSince === undefined) return before;
  return { since: isPassed(before, bakeMs, now) ? now : before.since, wellSince: undefined };
}

/** @returns why it has failed; undefined while it may still be well in a row. @param lookingSince before that nobody looked */
export function lostBy(trial: Trial, { bakeMs, patience }: RolloutPolicy, lookingSince: number, now: number): string | undefined {
  const triedMs = now - Math.max(trial.since, lookingSince);
  if (triedMs <= patience.wellWithinMs + bakeMs || isPassed(trial, bakeMs, now)) return undefined;
  return `not well for ${Math.round(bakeMs / 1000)} s in a row in ${Math.round(triedMs / 1000)} s`;
}

function isPassed({ wellSince }: Trial, bakeMs: number, now: number): boolean {
  return wellSince !== undefined && now - wellSince >= bakeMs;
}
