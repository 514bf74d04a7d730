// How far a rollout is, in one line for the person who reads the resource.
import type { AsideCount } from '../../api';
import { countOf } from '../agents/nodeProblems';
import type { RolloutNode } from './node';
import type { RolloutPolicy } from './policy';
import type { RolloutStep } from './step';

const namedNodes = 3;

/** What of a rollout is shown. */
export interface Shown {
  readonly step: RolloutStep;
  readonly nodes: readonly RolloutNode[];
  readonly policy: RolloutPolicy;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

export function messageOf(shown: Shown, aside: readonly AsideCount[]): string {
  return [sentence(shown), ...asideText(aside)].join('; ');
}

function sentence({ step: { memory, progress }, nodes, policy }: Shown): string {
  const { wanted, proven, canary, bakingSince, failures } = memory;
  const { updated, verifying, outdated, stage } = progress;
  const total = updated + verifying.length + outdated + progress.failed.length;
  const done = `${updated} of ${countOf(total, 'node')} updated${verifying.length === 0 ? '' : `, ${verifying.length} to be proven`}`;
  const [first] = failures;
  const failure = first === undefined ? '' : `revision ${wanted} failed on ${first.node}${failures.length === 1 ? '' : ` and ${countOf(failures.length - 1, 'more node')}`}: ${first.why}`;
  switch (stage) {
    case 'Canary':
      return canary.length === 0 ? `revision ${wanted}: waiting for a canary node, none matches` : `revision ${wanted}: canary on ${named(canary)}; ${done}`;
    case 'Baking':
      return `revision ${wanted}: canary on ${named(canary)} is well, the others follow at ${new Date((bakingSince ?? 0) + policy.bakeMs).toISOString()}`;
    case 'Rolling':
      return nodes.length === 0 ? 'no node has an agent yet' : `revision ${wanted}: ${done}`;
    case 'Done':
      return `revision ${wanted}: on all of ${countOf(total, 'node')}`;
    case 'Paused':
      return `paused by spec.rollout.paused; ${failure === '' ? `revision ${wanted}: ${done}` : failure}`;
    case 'RollingBack':
      return `${failure}; going back to revision ${proven}: ${done}`;
    case 'Stopped':
      return policy.onFailure === 'Pause' || proven === undefined
        ? `${failure}; stopped there: change spec.agent or the release again, or set spec.rollout.onFailure to RollBack`
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
