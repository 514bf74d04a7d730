import { agentWith, namespaceWith, orderWith, reportWith, specWith } from '../agents/agents.testing';
import type { Report } from '../../protocol';
import { agentName } from '../render';
import { kubePod } from './agentPod';
import { kubeNode } from './kubeNode';
import type { AgentEvidence } from './node';
import { observe } from './observe';

const created = '2026-03-01T12:00:00Z';
const order = orderWith({ namespaces: ['shop', 'bank'] });
const node = kubeNode({
  metadata: { name: 'n1', labels: { 'kubernetes.io/arch': 'amd64', 'kubernetes.io/os': 'linux' }, creationTimestamp: created },
  status: { conditions: [{ type: 'Ready', status: 'True', lastTransitionTime: created }] },
});
const pod = kubePod({
  metadata: {
    name: 'a',
    namespace: 'acceleration',
    uid: 'u',
    creationTimestamp: created,
    ownerReferences: [{ kind: 'DaemonSet', name: agentName, controller: true }],
  },
  spec: { nodeName: 'n1' },
});

function seen(report: Partial<Report>, given = order, due = order.revision): AgentEvidence | undefined {
  const agents = [agentWith('n1', { podUid: 'u', report: reportWith(report) })];
  const [found] = observe({ spec: specWith(), order: given, due, nodes: [node], pods: [pod], agents, lastFine: new Map(), lookingSince: 0 });
  return found?.pod?.report;
}

describe('what a rollout sees of an agent', () => {
  const due = order.revision - 10_000;

  it.each([
    ['the newest order', order.revision, true],
    ['an order that is newer than the one that it has had the time to apply', due + 1, true],
    ['the order that it has had the time to apply', due, true],
    ['an older order', due - 1, false],
    ['no order', 0, false],
    ['an order that was never given', order.revision + 1, false],
  ])('that has applied %s', (_, appliedOrder, follows) => {
    expect(seen({ appliedOrder }, order, due)?.follows).toBe(follows);
  });

  it('that has a problem does not follow, unless a pod alone can cause the problem', () => {
    expect(seen({ problems: [{ reason: 'LoadRefused', message: '' }] })).toMatchObject({ follows: false, problems: ['LoadRefused'] });
    expect(seen({ problems: [{ reason: 'ConnectionLimit', message: '' }] })).toMatchObject({ follows: true, problems: [] });
  });

  it('are its shares by namespace, and by the ends for which the node answers where one namespace only is selected', () => {
    const idle = namespaceWith({ open: 200, accelerated: 50, reasons: [{ reason: 'Learning', connections: 150 }] });
    const namespaces = [idle, namespaceWith({ name: 'bank', open: 100, accelerated: 80 })];
    expect(seen({ namespaces })).toMatchObject({ shares: { bank: 0.8, shop: 0.25 }, alone: false });
    expect(seen({ namespaces: [idle] }, orderWith())).toMatchObject({ shares: { shop: 1 }, alone: true });
    expect(seen({ namespaces }, orderWith({ mode: 'Observe' }))).toMatchObject({ shares: {} });
  });
});
