import { condition, type Condition, type NodeReasonCount, type RolloutStatus } from '../../api';
import { madeUpNow } from '../agents/agents.testing';
import { conditionsOf, type ConditionsInput } from './conditions';

const kernel: NodeReasonCount = {
  reason: 'KernelTooOld',
  nodes: 1,
  examples: ['node7'],
  message: 'the kernel is 4.18.0, and 5.10 is the oldest that is supported',
};
const reached: NodeReasonCount = { reason: 'ConnectionLimit', nodes: 2, examples: ['node1'], message: 'a pod has enough' };
const missing: NodeReasonCount = { reason: 'AgentNotReady', nodes: 2, examples: [], message: 'The node agent has not reported yet.' };

const input: ConditionsInput = {
  generation: 3,
  nodes: { desired: 3, ready: 3, unsupported: [] },
  mode: 'Accelerate',
  deleting: false,
  previous: [],
  now: madeUpNow,
};

function verdicts(changes: Partial<ConditionsInput>): Record<string, string> {
  return Object.fromEntries(conditionsOf({ ...input, ...changes }).map(({ type, status, reason }) => [type, `${status} ${reason}`]));
}

function find(type: Condition['type'], changes: Partial<ConditionsInput>): Condition {
  const found = conditionsOf({ ...input, ...changes }).find((each) => each.type === type);
  if (found === undefined) throw new Error(`there is no condition ${type}`);
  return found;
}

function rollout(stage: RolloutStatus['stage'], remaining: number, failed?: string): RolloutStatus {
  const failures = failed === undefined ? [] : [{ node: failed, why: 'its agent was restarted 3 times' }];
  return { stage, message: 'revision b: how far it is', to: 'b', from: 'a', remaining, revisions: [], failures, aside: [] };
}

const later = (seconds: number): string => new Date(Date.parse(madeUpNow) + seconds * 1000).toISOString();

describe('the conditions', () => {
  it.each<[string, Partial<ConditionsInput>, Record<string, string>]>([
    ['every node follows', {}, { Ready: 'True Accelerating', Progressing: 'False Settled', Degraded: 'False AsExpected' }],
    ['every node observes', { mode: 'Observe' }, { Ready: 'True Observing', Progressing: 'False Settled', Degraded: 'False AsExpected' }],
    ['every node is off', { mode: 'Off' }, { Ready: 'True SwitchedOff', Progressing: 'False Settled', Degraded: 'False AsExpected' }],
    [
      'no node should have an agent',
      { nodes: { desired: 0, ready: 0, unsupported: [] } },
      { Ready: 'True NoNodes', Progressing: 'False Settled', Degraded: 'False AsExpected' },
    ],
    [
      'the DaemonSet has no status yet',
      { nodes: undefined },
      { Ready: 'Unknown Starting', Progressing: 'True Starting', Degraded: 'False AsExpected' },
    ],
    [
      'a node has not applied the order yet',
      { nodes: { desired: 3, ready: 2, unsupported: [] } },
      { Ready: 'False NodesNotReady', Progressing: 'True RollingOut', Degraded: 'False AsExpected' },
    ],
    [
      'a node cannot accelerate',
      { nodes: { desired: 3, ready: 2, unsupported: [kernel] } },
      { Ready: 'False NodesNotReady', Progressing: 'False Settled', Degraded: 'True KernelTooOld' },
    ],
    [
      'pods of two nodes have reached a bound',
      { nodes: { desired: 3, ready: 3, unsupported: [reached] } },
      { Ready: 'True Accelerating', Progressing: 'False Settled', Degraded: 'True ConnectionLimit' },
    ],
    [
      'a node has not applied the order, and pods of others have reached a bound',
      { nodes: { desired: 3, ready: 2, unsupported: [reached] } },
      { Ready: 'False NodesNotReady', Progressing: 'True RollingOut', Degraded: 'True ConnectionLimit' },
    ],
    [
      'agents are just starting',
      { nodes: { desired: 3, ready: 1, unsupported: [missing] } },
      { Ready: 'False NodesNotReady', Progressing: 'True RollingOut', Degraded: 'False AsExpected' },
    ],
    [
      'agents are being replaced',
      { rollout: rollout('Rolling', 2) },
      { Ready: 'True Accelerating', Progressing: 'True RollingOut', Degraded: 'False AsExpected' },
    ],
    [
      'a canary bakes',
      { rollout: rollout('Baking', 2) },
      { Ready: 'True Accelerating', Progressing: 'True RollingOut', Degraded: 'False AsExpected' },
    ],
    [
      'only nodes that are set aside are left',
      { rollout: rollout('Rolling', 0) },
      { Ready: 'True Accelerating', Progressing: 'False Settled', Degraded: 'False AsExpected' },
    ],
    [
      'a rollout is paused',
      { rollout: rollout('Paused', 2) },
      { Ready: 'True Accelerating', Progressing: 'False RolloutPaused', Degraded: 'False AsExpected' },
    ],
    [
      'a rollout has failed',
      { rollout: rollout('Stopped', 2, 'node7') },
      { Ready: 'True Accelerating', Progressing: 'False Settled', Degraded: 'True RolloutFailed' },
    ],
    [
      'a failed rollout is rolled back',
      { rollout: rollout('RollingBack', 1, 'node7') },
      { Ready: 'True Accelerating', Progressing: 'True RollingOut', Degraded: 'True RolloutFailed' },
    ],
    [
      'the first spec is not valid',
      { nodes: undefined, mode: undefined, problem: { reason: 'InvalidSpec', message: 'spec.mode: wrong' } },
      { Ready: 'False InvalidSpec', Progressing: 'False InvalidSpec', Degraded: 'True InvalidSpec' },
    ],
    [
      'a later spec is not valid',
      { mode: undefined, problem: { reason: 'InvalidSpec', message: 'spec.mode: wrong' } },
      { Ready: 'False InvalidSpec', Progressing: 'False Settled', Degraded: 'True InvalidSpec' },
    ],
    [
      'the API server has refused the first agents',
      { nodes: undefined, problem: { reason: 'AgentRejected', message: 'HTTP 422', stops: true } },
      { Ready: 'False AgentRejected', Progressing: 'False AgentRejected', Degraded: 'True AgentRejected' },
    ],
    [
      'the API server has refused other agents during a rollout',
      { rollout: rollout('Canary', 3), problem: { reason: 'AgentRejected', message: 'HTTP 422', stops: true } },
      { Ready: 'False AgentRejected', Progressing: 'False AgentRejected', Degraded: 'True AgentRejected' },
    ],
    ['the resource is being deleted', { deleting: true }, { Ready: 'False Deleting', Progressing: 'True Draining', Degraded: 'False AsExpected' }],
  ])('when %s', (_, changes, expected) => {
    expect(verdicts(changes)).toEqual(expected);
  });

  it('name the nodes that cannot accelerate and the reason', () => {
    expect(find('Ready', { nodes: { desired: 3, ready: 2, unsupported: [kernel] } }).message).toBe(
      '2 of 3 nodes ready; 1 node: KernelTooOld (node7): the kernel is 4.18.0, and 5.10 is the oldest that is supported',
    );
  });

  it('have the progress of a deletion', () => {
    expect(find('Progressing', { deleting: true, nodes: { desired: 3, ready: 1, unsupported: [] } }).message).toBe(
      '1 of 3 nodes clean: drained, detached and unpinned',
    );
  });

  it('say for which nodes a change waits', () => {
    const nodes = { desired: 5, ready: 1, unsupported: [missing] };
    expect(find('Progressing', { nodes, rollout: rollout('Canary', 1) }).message).toBe(
      '2 nodes have not applied the newest order yet; the agents of 2 nodes do not report; revision b: how far it is',
    );
  });

  it('are bounded in length and valid, however many problems there are', () => {
    const reasons = ['KernelTooOld', 'NoBtf', 'NoBpffs', 'NoCgroup2', 'LoadRefused'] as const;
    const unsupported = reasons.map((reason) => ({
      reason,
      nodes: 900,
      examples: ['a', 'b', 'c'].map((letter) => letter.repeat(253)),
      message: 'x'.repeat(1024),
    }));
    const conditions = conditionsOf({ ...input, nodes: { desired: 900, ready: 0, unsupported } });
    for (const each of conditions) {
      expect(condition.safeParse(each).success).toBe(true);
      expect(each.message.length).toBeLessThanOrEqual(1024);
    }
    const short = unsupported.map((each) => ({ ...each, examples: ['a', 'b', 'c'], message: 'broken' }));
    expect(find('Degraded', { nodes: { desired: 900, ready: 0, unsupported: short } })).toMatchObject({
      reason: 'SeveralProblems',
      message:
        '900 nodes: KernelTooOld (a, b, c, ...): broken; 900 nodes: NoBtf (a, b, c, ...): broken; 900 nodes: NoBpffs (a, b, c, ...): broken; and 2 more reasons, see status.nodes.unsupported',
    });
  });

  it('have the generation of the resource that was read', () => {
    expect(conditionsOf(input).map(({ observedGeneration }) => observedGeneration)).toEqual([3, 3, 3]);
  });
});

describe('the time of the last transition', () => {
  const previous = conditionsOf(input);

  it('stays when only reason and message change', () => {
    const ready = find('Ready', { previous, mode: 'Observe', now: later(60) });
    expect(ready).toMatchObject({ status: 'True', reason: 'Observing', lastTransitionTime: madeUpNow });
  });

  it('changes when the status changes', () => {
    const ready = find('Ready', { previous, nodes: { desired: 3, ready: 2, unsupported: [] }, now: later(60) });
    expect(ready).toMatchObject({ status: 'False', lastTransitionTime: later(60) });
  });
});

describe('an agent that is missing', () => {
  const nodes = { desired: 3, ready: 1, unsupported: [missing] };
  const previous = conditionsOf({ ...input, nodes });

  it('makes the resource Progressing for two minutes', () => {
    expect(find('Degraded', { nodes, previous, now: later(119) }).status).toBe('False');
  });

  it('makes the resource Degraded after that', () => {
    expect(find('Degraded', { nodes, previous, now: later(120) })).toMatchObject({
      status: 'True',
      reason: 'AgentNotReady',
      message: '2 nodes: AgentNotReady: The node agent has not reported yet.',
    });
  });
});
