// The events of a rollout, each once; a pure function.
import { countOf } from '../agents/nodeProblems';
import type { RolloutPolicy } from './policy';
import type { RolloutStep } from './step';

export interface RolloutEvent {
  readonly type: 'Normal' | 'Warning';
  readonly reason: 'RolloutStarted' | 'CanaryProven' | 'RolloutFailed' | 'RolledBack' | 'RolloutFinished';
  readonly note: string;
}

/** The events that have happened and are not in `told`. */
export function untold({ memory, progress, replace }: RolloutStep, policy: RolloutPolicy, told: readonly string[]): RolloutEvent[] {
  const { wanted, proven, canary, failures } = memory;
  const [first] = failures;
  const guarded = proven !== undefined && proven !== wanted;
  const events: RolloutEvent[] = [];
  const say = (type: RolloutEvent['type'], reason: RolloutEvent['reason'], note: string): void => void events.push({ type, reason, note });
  if (replace.length > 0 && first === undefined) {
    const begin =
      progress.stage === 'Canary'
        ? `canary on ${canary.slice(0, 3).join(', ')}${canary.length > 3 ? ', ...' : ''}`
        : `${countOf(progress.outdated, 'node')} to be updated`;
    say('Normal', 'RolloutStarted', `revision ${wanted}: ${begin}`);
  }
  if (guarded && progress.stage === 'Rolling' && canary.length > 0) {
    const healthy = `healthy on ${countOf(canary.length, 'canary node')} for ${policy.bakeMs / 1000} s`;
    say('Normal', 'CanaryProven', `revision ${wanted} has been ${healthy}: the other nodes follow`);
  }
  if (first !== undefined) say('Warning', 'RolloutFailed', `revision ${wanted} failed on ${first.node}: ${first.why}`);
  if (first !== undefined && progress.stage === 'Stopped' && policy.onFailure === 'RollBack')
    say('Normal', 'RolledBack', `every node has revision ${proven} again`);
  if (progress.stage === 'Done' && told.includes('RolloutStarted'))
    say('Normal', 'RolloutFinished', `revision ${wanted} is on all of ${countOf(progress.updated, 'node')}`);
  return events.filter(({ reason }) => !told.includes(reason));
}
