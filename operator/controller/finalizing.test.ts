// When the resource may go.
import { connectedPatienceMs, patienceMs, release } from './finalizing';
import type { AgentState } from './status/aggregate';

const revision = 7;
const agent = (node: string, report?: { released: boolean; appliedOrder: number }): AgentState =>
  ({ node, connected: true, ageMs: 0, report: report && { problems: [], namespaces: [], joinedSockets: 0, drainingSockets: 0, ...report } }) as AgentState;
const clean = { released: true, appliedOrder: revision };

test('it goes when every node has given everything back', () => {
  expect(release([agent('a', clean), agent('b', clean)], 2, revision, 0)).toEqual({ done: true, abandoned: [], waitingFor: [] });
});

test('an answer to an earlier order does not count', () => {
  const { done, waitingFor } = release([agent('a', clean), agent('b', { released: true, appliedOrder: 6 })], 2, revision, 0);
  expect(done).toBe(false);
  expect(waitingFor).toEqual(['b']);
});

test('nodes without an agent are waited for, but not for ever, and then they are named', () => {
  const agents = [agent('a', clean), { ...agent('b'), connected: false }];
  expect(release(agents, 3, revision, patienceMs - 1)).toMatchObject({ done: false, waitingFor: ['b', '1 nodes without an agent'] });
  expect(release(agents, 3, revision, patienceMs)).toMatchObject({ done: true, abandoned: ['b', '1 nodes without an agent'] });
});

test('a node whose agent is still removing the datapath is waited for longer', () => {
  const agents = [agent('a', clean), agent('b', { released: false, appliedOrder: 6 })];
  expect(release(agents, 2, revision, connectedPatienceMs - 1)).toMatchObject({ done: false, waitingFor: ['b'] });
  expect(release(agents, 2, revision, connectedPatienceMs)).toMatchObject({ done: true, abandoned: ['b'] });
});
