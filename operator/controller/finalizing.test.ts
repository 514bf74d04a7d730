// When the finalizer may be removed.
import { connectedTimeoutMs, disconnectedTimeoutMs, release } from './finalizing';
import type { AgentState } from './status/aggregate';

const revision = 7;
const agent = (node: string, report?: { released: boolean; appliedOrder: number }): AgentState =>
  ({
    node,
    connected: true,
    ageMs: 0,
    report: report && { problems: [], namespaces: [], joinedSockets: 0, drainingSockets: 0, ...report },
  }) as AgentState;
const clean = { released: true, appliedOrder: revision };

test('the finalizer may be removed when every node has removed the datapath', () => {
  expect(release([agent('a', clean), agent('b', clean)], 2, revision, 0)).toEqual({ done: true, abandoned: [], waitingFor: [] });
});

test('a report about an earlier order does not count', () => {
  const { done, waitingFor } = release([agent('a', clean), agent('b', { released: true, appliedOrder: 6 })], 2, revision, 0);
  expect(done).toBe(false);
  expect(waitingFor).toEqual(['b']);
});

test('the finalizer waits a minute for nodes without a connected agent, and then names them', () => {
  const agents = [agent('a', clean), { ...agent('b'), connected: false }];
  expect(release(agents, 3, revision, disconnectedTimeoutMs - 1)).toMatchObject({ done: false, waitingFor: ['b', '1 node without a known agent'] });
  expect(release(agents, 3, revision, disconnectedTimeoutMs)).toMatchObject({ done: true, abandoned: ['b', '1 node without a known agent'] });
});

test('the finalizer waits longer for a node whose agent is connected', () => {
  const agents = [agent('a', clean), agent('b', { released: false, appliedOrder: 6 })];
  expect(release(agents, 2, revision, connectedTimeoutMs - 1)).toMatchObject({ done: false, waitingFor: ['b'] });
  expect(release(agents, 2, revision, connectedTimeoutMs)).toMatchObject({ done: true, abandoned: ['b'] });
});
