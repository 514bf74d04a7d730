// Makes the status of the resource, and decides whether it differs from another.
import { isDeepStrictEqual } from 'node:util';
import { type Condition, status, type Status } from '../../api';
import type { Aggregate } from './aggregate';

export interface StatusInput {
  readonly generation: number;
  /** Sums over the agents' reports. Empty until the controller has sent the agents an order. */
  readonly counted: Aggregate;
  readonly conditions: readonly Condition[];
  /** Undefined until this controller has decided about the rollout. */
  readonly rollout?: Status['rollout'];
}

/** The status. @throws z.ZodError when it is not valid by the CRD's schema, which is a defect of this product */
export function statusOf({ generation, counted, conditions, rollout }: StatusInput): Status {
  return status.parse({ observedGeneration: generation, conditions, ...counted, ...(rollout === undefined ? {} : { rollout }) });
}

/**
 * The rollout that the status shows: what this controller has decided. Until it has decided, what the former leader wrote, if that was for the same
 * generation of the spec.
 */
export function rolloutOf(own: Status['rollout'], previous: Status | undefined, generation: number): Status['rollout'] {
  return own ?? (previous?.observedGeneration === generation ? previous.rollout : undefined);
}

/** True when writing one status over the other would change nothing. The sequence of keys does not matter, and undefined equals a missing key. */
export function sameStatus(a: Status | undefined, b: Status | undefined): boolean {
  return isDeepStrictEqual(plain(a), plain(b));
}

function plain(value: Status | undefined): unknown {
  return value === undefined ? undefined : JSON.parse(JSON.stringify(value));
}
