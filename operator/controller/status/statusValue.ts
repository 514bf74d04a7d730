// The status of the resource as a whole, and whether it is worth writing.
import { isDeepStrictEqual } from 'node:util';
import { type Condition, status, type Status } from '../../api';
import type { Aggregate } from './aggregate';

export interface StatusInput {
  readonly generation: number;
  /** Empty while there is no order to count by. */
  readonly counted: Aggregate;
  readonly conditions: readonly Condition[];
  /** undefined while nothing is decided about it. */
  readonly rollout?: Status['rollout'];
}

/** @throws z.ZodError when what came out is not a status that the API server would take: a defect of this product */
export function statusOf({ generation, counted, conditions, rollout }: StatusInput): Status {
  return status.parse({ observedGeneration: generation, conditions, ...counted, ...(rollout === undefined ? {} : { rollout }) });
}

/** What a former leader said of the rollout holds until this one has looked, unless the spec has changed since. */
export function rolloutOf(own: Status['rollout'], previous: Status | undefined, generation: number): Status['rollout'] {
  return own ?? (previous?.observedGeneration === generation ? previous.rollout : undefined);
}

/** Whether writing one over the other would change nothing: keys in any order, and undefined as good as absent. */
export function sameStatus(a: Status | undefined, b: Status | undefined): boolean {
  return isDeepStrictEqual(plain(a), plain(b));
}

function plain(value: Status | undefined): unknown {
  return value === undefined ? undefined : JSON.parse(JSON.stringify(value));
}
