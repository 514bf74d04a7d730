// The progress of a rollout as one line of text for the status.
import type { AsideCount } from '../../api';
import { countOf } from '../agents/nodeProblems';
import type { RolloutNode } from './node';
import type { RolloutPolicy } from './policy';
import type { RolloutStep } from './step';

const namedNodes = 3;

/** A step of a rollout with its input, for the status. */
export interface Shown {
  readonly step: RolloutStep;
  readonly nodes: readonly RolloutNode[];
  readonly policy: RolloutPolicy;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** The line for the status. */
export function messageOf(shown: Shown, aside: readonly AsideCount[]): string {
  return [sentence(shown), ...asideText(aside)].join('; ');
}

function sentence({ step: { memory, progress }, nodes, policy }: Shown): string {
  const { wanted, proven, canary, bakingSince, failures } = memory;
  const { updated, verifying, outdated, stage } = progress;
  const total = updated + verifying.length + outdated + progress.failed.length;
  const done = `${updated} of ${countOf(total, 'node')} updated${verifying.length === 0 ? '' : `, ${verifying.length} being verified`}`;
  const [first] = failures;
  const failure =
    first === undefined
      ? ''
      : `revision ${wanted} failed on ${first.node}${failures.length === 1 ? '' : ` and ${countOf(failures.length - 1, 'more node')}`}: ${first.why}`;
  switch (stage) {
    case 'Canary':
      return canary.length === 0
        ? `revision ${wanted}: waiting for a node that matches spec.rollout.canary`
        : `revision ${wanted}: canary on ${named(canary)}; ${done}`;
    case 'Baking':
      return `revision ${wanted}: canary on ${named(canary)} is healthy, the other nodes follow at ${new Date((bakingSince ?? 0) + policy.bakeMs).toISOString()}`;
    case 'Rolling':
      return nodes.length === 0 ? 'no node has an agent yet' : `revision ${wanted}: ${done}`;
    case 'Done':
      return `revision ${wanted}: on all of ${countOf(total, 'node')}`;
    case 'Paused':
      return `paused by spec.rollout.paused; ${failure === '' ? `revision ${wanted}: ${done}` : failure}`;
    case 'RollingBack':
      return `${failure}; returning to revision ${proven}: ${done}`;
    case 'Stopped':
      return policy.onFailure === 'Pause' || proven === undefined
        ? `${failure}; the rollout has stopped: change spec.agent or upgrade the release again, or set spec.rollout.onFailure to RollBack`
        : `${failure}; every node has revision ${proven} again`;
  }
}

function named(nodes: readonly string[]): string {
  const shown = nodes.slice(0, namedNodes).join(', ');
  return nodes.length > namedNodes ? `${shown} and ${countOf(nodes.length - namedNodes, 'more node')}` : shown;
}

function asideText(aside: readonly AsideCount[]): string[] {
  return aside.length === 0 ? [] : [`set aside: ${aside.map(({ reason, nodes }) => `${reason} ${nodes}`).join(', ')}`];
}
