import type { Status } from '../../api';
import { agentOf, madeUpNow, namespaceWith, orderWith } from '../agents/agents.testing';
import { aggregate } from './aggregate';
import { conditionsOf } from './conditions';
import { rolloutOf, sameStatus, statusOf } from './statusValue';

function whole(): Status {
  const agents = [agentOf('node1', namespaceWith())];
  const counted = aggregate({ order: orderWith(), namespaces: ['shop'], agents, desiredNodes: 1, previous: undefined, now: madeUpNow });
  const conditions = conditionsOf({ generation: 3, nodes: counted.nodes, mode: 'Accelerate', deleting: false, previous: [], now: madeUpNow });
  return statusOf({ generation: 3, counted, conditions });
}

describe('the status', () => {
  it('has conditions and counts', () => {
    expect(whole()).toMatchObject({
      observedGeneration: 3,
      conditions: [
        { type: 'Ready', status: 'True' },
        { type: 'Progressing', status: 'False' },
        { type: 'Degraded', status: 'False' },
      ],
      summary: { nodes: '1/1', accelerated: '100%' },
      namespaces: [{ name: 'shop', state: 'Accelerated' }],
    });
  });

  it('has conditions only while there is no order', () => {
    expect(Object.keys(statusOf({ generation: 1, counted: {}, conditions: [] }))).toEqual(['observedGeneration', 'conditions']);
  });

  it('is refused when it is not valid by the schema', () => {
    expect(() => statusOf({ generation: 1, counted: { connections: { open: -1, accelerated: 0 } }, conditions: [] })).toThrow();
  });
});

describe('the rollout in the status', () => {
  const rollout = (message: string) =>
    ({ stage: 'Rolling', message, to: '7c9f', remaining: 2, revisions: [], failures: [], aside: [] }) satisfies Status['rollout'];
  const former = { observedGeneration: 3, rollout: rollout('of a former leader') };

  it('is that of this leader', () => {
    expect(rolloutOf(rollout('own'), former, 3)).toEqual(rollout('own'));
  });

  it('is that of the former leader until this one has decided', () => {
    expect(rolloutOf(undefined, former, 3)).toEqual(former.rollout);
  });

  it('is missing when the spec has changed since the former leader wrote it', () => {
    expect(rolloutOf(undefined, former, 4)).toBeUndefined();
    expect(rolloutOf(undefined, undefined, 1)).toBeUndefined();
  });
});

describe('two statuses', () => {
  it('are the same when only the sequence of keys differs', () => {
    const reversed = Object.fromEntries(Object.entries(whole()).reverse()) as Status;
    expect(sameStatus(whole(), reversed)).toBe(true);
  });

  it('are the same when one has undefined and the other has no such key', () => {
    expect(sameStatus({ observedGeneration: 1, nodes: undefined }, { observedGeneration: 1 })).toBe(true);
  });

  it('differ by a number in a nested object', () => {
    const changed = whole();
    expect(sameStatus(whole(), { ...changed, connections: { open: 10, accelerated: 9 } })).toBe(false);
  });

  it('differ when one is undefined', () => {
    expect(sameStatus(undefined, {})).toBe(false);
    expect(sameStatus(undefined, undefined)).toBe(true);
  });
});
