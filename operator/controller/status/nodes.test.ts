import { nodeReasons } from '../../api';
import { agentWith, madeUpRevision, orderWith, reportWith, troubledAgent } from '../agents/agents.testing';
import type { AgentState } from '../agents/agentState';
import { nodesOf } from './nodes';

const tooOld = { reason: 'KernelTooOld', message: 'the kernel is 4.18.0, 5.10 is the oldest that works. Upgrade the kernel of the node.' } as const;
const noBtf = { reason: 'NoBtf', message: '/sys/kernel/btf/vmlinux cannot be read' } as const;
const silence = `${nodeReasons.AgentNotReady.means} ${nodeReasons.AgentNotReady.remedy}`;

function nodes(desiredNodes: number | undefined, ...agents: AgentState[]) {
  return nodesOf({ order: orderWith(), agents, desiredNodes });
}

describe('a node is ready', () => {
  it('when its agent has the order in force and no problem', () => {
    expect(nodes(1, agentWith('node1'))).toEqual({ desired: 1, ready: 1, unsupported: [] });
  });

  it.each<[string, Partial<AgentState>]>([
    ['it follows an older order', { report: reportWith({ appliedOrder: madeUpRevision - 1 }) }],
    ['it follows a newer order, of a controller whose clock was ahead', { report: reportWith({ appliedOrder: madeUpRevision + 1 }) }],
    ['it has a problem', { report: reportWith({ problems: [noBtf] }) }],
    ['it is not connected', { connected: false }],
    ['it has not reported', { report: undefined }],
    ['it has been silent for long', { ageMs: 60_000 }],
  ])('but not while %s', (_, changes) => {
    expect(nodes(1, agentWith('node1', changes))?.ready).toBe(0);
  });

  it('also while a pod of it has all that it may have, which is told', () => {
    const reached = { reason: 'ConnectionLimit', message: 'a pod has enough' } as const;
    expect(nodes(1, agentWith('node1', { report: reportWith({ problems: [reached] }) }))).toEqual({
      desired: 1, ready: 1, unsupported: [{ reason: 'ConnectionLimit', nodes: 1, examples: ['node1'], message: 'a pod has enough' }],
    });
  });

  it('but never more than should be', () => {
    expect(nodes(1, agentWith('node1'), agentWith('node2'))).toMatchObject({ desired: 1, ready: 1 });
  });
});

it('says nothing of nodes until the DaemonSet has said how many there should be', () => {
  expect(nodes(undefined, agentWith('node1'))).toBeUndefined();
});

describe('the nodes that cannot', () => {
  it('are grouped by reason, most frequent first, with the message of the first by name', () => {
    const other = { ...tooOld, message: 'the kernel is 3.10.0' };
    expect(nodes(4, troubledAgent('node3', noBtf), troubledAgent('node2', other), troubledAgent('node1', tooOld), agentWith('node4'))).toEqual({
      desired: 4,
      ready: 1,
      unsupported: [
        { reason: 'KernelTooOld', nodes: 2, examples: ['node1', 'node2'], message: tooOld.message },
        { reason: 'NoBtf', nodes: 1, examples: ['node3'], message: noBtf.message },
      ],
    });
  });

  it('are joined by those that report what they cannot have, which are ready all the same', () => {
    expect(nodes(1, agentWith('node1', { lie: '9 open connection ends too many' }))).toEqual({
      desired: 1,
      ready: 1,
      unsupported: [{ reason: 'ImplausibleReport', nodes: 1, examples: ['node1'], message: `its agent reports 9 open connection ends too many: not counted. ${nodeReasons.ImplausibleReport.remedy}` }],
    });
  });

  it('are named three at most', () => {
    const many = ['a', 'b', 'c', 'd', 'e'].map((node) => troubledAgent(node, tooOld));
    expect(nodes(5, ...many)?.unsupported).toEqual([{ reason: 'KernelTooOld', nodes: 5, examples: ['a', 'b', 'c'], message: tooOld.message }]);
  });

  it('are counted once at each of their reasons', () => {
    expect(nodes(1, troubledAgent('node1', tooOld, noBtf, tooOld))?.unsupported.map(({ reason, nodes: count }) => [reason, count])).toEqual([
      ['KernelTooOld', 1],
      ['NoBtf', 1],
    ]);
  });

  it('include those without an agent, named where one has been there', () => {
    expect(nodes(3, agentWith('node1'), agentWith('node2', { connected: false }))?.unsupported).toEqual([
      { reason: 'AgentNotReady', nodes: 2, examples: ['node2'], message: silence },
    ]);
  });

  it('do not include a node whose agent went because it should', () => {
    expect(nodes(1, agentWith('node1'), agentWith('node2', { connected: false }))?.unsupported).toEqual([]);
  });

  it('join the silent with those that say themselves that they are not ready', () => {
    const self = { reason: 'AgentNotReady', message: 'a reason of a newer agent' } as const;
    expect(nodes(3, troubledAgent('node1', self), agentWith('node2', { ageMs: 50_000 }))?.unsupported).toEqual([
      { reason: 'AgentNotReady', nodes: 3, examples: ['node1', 'node2'], message: self.message },
    ]);
  });
});
