import { nodeReasons } from '../../api';
import { agentWith, madeUpRevision, orderWith, reportWith, troubledAgent } from '../agents/agents.testing';
import type { AgentState } from '../agents/agentState';
import { nodesOf } from './nodes';

const tooOld = {
  reason: 'KernelTooOld',
  message: 'the kernel is 4.18.0, and 5.10 is the oldest that is supported. Upgrade the kernel of the node.',
} as const;
const noBtf = { reason: 'NoBtf', message: '/sys/kernel/btf/vmlinux cannot be read' } as const;
const silence = `${nodeReasons.AgentNotReady.means} ${nodeReasons.AgentNotReady.remedy}`;

function nodes(desiredNodes: number | undefined, ...agents: AgentState[]) {
  return nodesOf({ order: orderWith(), agents, desiredNodes });
}

describe('a node counts as ready', () => {
  it('when its agent has applied the order and has no problem', () => {
    expect(nodes(1, agentWith('node1'))).toEqual({ desired: 1, ready: 1, unsupported: [] });
  });

  it.each<[string, Partial<AgentState>]>([
    ['it has applied an older order', { report: reportWith({ appliedOrder: madeUpRevision - 1 }) }],
    ['it has applied a newer order, of a controller whose clock was ahead', { report: reportWith({ appliedOrder: madeUpRevision + 1 }) }],
    ['it has a problem', { report: reportWith({ problems: [noBtf] }) }],
    ['it is not connected', { connected: false }],
    ['it has not reported', { report: undefined }],
    ['it has not reported for a minute', { ageMs: 60_000 }],
  ])('but not while %s', (_, changes) => {
    expect(nodes(1, agentWith('node1', changes))?.ready).toBe(0);
  });

  it('also while one of its pods has reached a limit, which status.nodes.unsupported lists', () => {
    const reached = { reason: 'ConnectionLimit', message: 'a pod has enough' } as const;
    expect(nodes(1, agentWith('node1', { report: reportWith({ problems: [reached] }) }))).toEqual({
      desired: 1,
      ready: 1,
      unsupported: [{ reason: 'ConnectionLimit', nodes: 1, examples: ['node1'], message: 'a pod has enough' }],
    });
  });

  it('and status.nodes.ready is never above status.nodes.desired, the number of the DaemonSet', () => {
    expect(nodes(1, agentWith('node1'), agentWith('node2'))).toMatchObject({ desired: 1, ready: 1 });
  });
});

it('status.nodes is undefined while the DaemonSet does not say how many nodes should have an agent', () => {
  expect(nodes(undefined, agentWith('node1'))).toBeUndefined();
});

describe('the unsupported nodes', () => {
  it('are grouped by reason, most nodes first, with the message of the first node by name', () => {
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

  it('include nodes with an implausible report, which are ready all the same', () => {
    expect(nodes(1, agentWith('node1', { implausible: '9 open connection ends too many' }))).toEqual({
      desired: 1,
      ready: 1,
      unsupported: [
        {
          reason: 'ImplausibleReport',
          nodes: 1,
          examples: ['node1'],
          message: `its agent reports 9 open connection ends too many, which is not counted. ${nodeReasons.ImplausibleReport.remedy}`,
        },
      ],
    });
  });

  it('have three examples at most', () => {
    const many = ['a', 'b', 'c', 'd', 'e'].map((node) => troubledAgent(node, tooOld));
    expect(nodes(5, ...many)?.unsupported).toEqual([{ reason: 'KernelTooOld', nodes: 5, examples: ['a', 'b', 'c'], message: tooOld.message }]);
  });

  it('count once for each of their reasons', () => {
    expect(nodes(1, troubledAgent('node1', tooOld, noBtf, tooOld))?.unsupported.map(({ reason, nodes: count }) => [reason, count])).toEqual([
      ['KernelTooOld', 1],
      ['NoBtf', 1],
    ]);
  });

  it('include nodes without an agent, by name if an agent has reported before', () => {
    expect(nodes(3, agentWith('node1'), agentWith('node2', { connected: false }))?.unsupported).toEqual([
      { reason: 'AgentNotReady', nodes: 2, examples: ['node2'], message: silence },
    ]);
  });

  it('do not include a node that should have no agent any more', () => {
    expect(nodes(1, agentWith('node1'), agentWith('node2', { connected: false }))?.unsupported).toEqual([]);
  });

  it('count nodes without reports together with nodes that report AgentNotReady', () => {
    const self = { reason: 'AgentNotReady', message: 'a reason of a newer agent' } as const;
    expect(nodes(3, troubledAgent('node1', self), agentWith('node2', { ageMs: 50_000 }))?.unsupported).toEqual([
      { reason: 'AgentNotReady', nodes: 3, examples: ['node1', 'node2'], message: self.message },
    ]);
  });
});
