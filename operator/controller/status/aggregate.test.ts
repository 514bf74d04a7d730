import { maxListedNamespaces, type Status, status } from '../../api';
import { agentOf, agentWith, madeUpNow, namespaceWith, orderWith, reportWith } from '../agents/agents.testing';
import { aggregate, type AggregateInput } from './aggregate';

const input: AggregateInput = { order: orderWith(), namespaces: ['shop'], agents: [], desiredNodes: 0, previous: undefined, now: madeUpNow };
const earlier = '2026-03-01T09:00:00Z';

function listed(changes: Partial<NonNullable<Status['namespaces']>[number]>): Status {
  const [namespace] = aggregate({ ...input, agents: [agentOf('node1', namespaceWith())] }).namespaces ?? [];
  if (namespace === undefined) throw new Error('no namespace was listed');
  return { namespaces: [{ ...namespace, ...changes }] };
}

it('sums the reports of two nodes', () => {
  const billing = namespaceWith({
    name: 'billing',
    podsSelected: 1,
    podsAccelerated: 1,
    open: 4,
    accelerated: 1,
    reasons: [{ reason: 'PeerElsewhere', connections: 3 }],
    fastBytes: 100,
    tcpBytes: 200,
  });
  const agents = [agentOf('node1', namespaceWith(), billing), agentOf('node2', namespaceWith())];
  expect(aggregate({ ...input, agents, namespaces: ['billing', 'shop', 'empty'], desiredNodes: 2 })).toEqual({
    nodes: { desired: 2, ready: 2, unsupported: [] },
    connections: { open: 24, accelerated: 21, adopted: 0 },
    bytes: { fast: 8292, tcp: 1224 },
    summary: { nodes: '2/2', accelerated: '88%' },
    namespaces: [
      {
        name: 'shop',
        state: 'Accelerated',
        pods: { selected: 4, accelerated: 4 },
        connections: { open: 20, accelerated: 20, adopted: 0 },
        bytes: { fast: 8192, tcp: 1024 },
        reasons: [],
        since: madeUpNow,
      },
      {
        name: 'billing',
        state: 'Partial',
        pods: { selected: 1, accelerated: 1 },
        connections: { open: 4, accelerated: 1, adopted: 0 },
        bytes: { fast: 100, tcp: 200 },
        reasons: [{ reason: 'PeerElsewhere', connections: 3 }],
        since: madeUpNow,
      },
      {
        name: 'empty',
        state: 'Waiting',
        pods: { selected: 0, accelerated: 0 },
        connections: { open: 0, accelerated: 0, adopted: 0 },
        bytes: { fast: 0, tcp: 0 },
        reasons: [],
        since: madeUpNow,
      },
    ],
  });
});

describe('the status', () => {
  it('has the share "-" when no connection is open', () => {
    expect(aggregate({ ...input, desiredNodes: undefined }).summary).toEqual({ nodes: '-', accelerated: '-' });
  });

  it('leaves out reported namespaces that are not selected', () => {
    const { namespaces, connections } = aggregate({ ...input, agents: [agentOf('node1', namespaceWith({ name: 'left' }))] });
    expect(namespaces?.map(({ name }) => name)).toEqual(['shop']);
    expect(connections).toEqual({ open: 0, accelerated: 0, adopted: 0 });
  });

  it('counts the last report of a node whose agent is being replaced', () => {
    const gone = agentWith('node1', { connected: false, ageMs: 60_000, report: reportWith({ namespaces: [namespaceWith()] }) });
    const { nodes, connections } = aggregate({ ...input, agents: [gone], desiredNodes: 1 });
    expect(connections).toEqual({ open: 10, accelerated: 10, adopted: 0 });
    expect(nodes?.ready).toBe(0);
  });

  it('does not count the bytes of a node that is gone', () => {
    const agents = [agentOf('node1', namespaceWith()), agentOf('node2', namespaceWith())];
    expect(aggregate({ ...input, agents }).bytes).toEqual({ fast: 8192, tcp: 1024 });
    expect(aggregate({ ...input, agents: agents.slice(1) }).bytes).toEqual({ fast: 4096, tcp: 512 });
  });

  it('reads the counters by the mode of the order', () => {
    const agents = [agentOf('node1', namespaceWith({ podsAccelerated: 0 }))];
    expect(aggregate({ ...input, order: orderWith({ mode: 'Off' }), agents }).namespaces?.[0]).toMatchObject({
      state: 'NotAccelerated',
      connections: { open: 10, accelerated: 0, adopted: 0 },
      reasons: [{ reason: 'SwitchedOff', connections: 10 }],
    });
  });
});

describe('the time since when a namespace is in its state', () => {
  const agents = [agentOf('node1', namespaceWith())];

  it('stays while the state is the same', () => {
    expect(aggregate({ ...input, agents, previous: listed({ since: earlier }) }).namespaces?.[0]?.since).toBe(earlier);
  });

  it('is now when the state has changed', () => {
    expect(aggregate({ ...input, agents, previous: listed({ state: 'Waiting', since: earlier }) }).namespaces?.[0]?.since).toBe(madeUpNow);
  });
});

describe('a list of more namespaces than the status holds', () => {
  const names = Array.from({ length: maxListedNamespaces + 3 }, (_, index) => `ns${String(index).padStart(3, '0')}`);
  const reports = names.map((name, index) => namespaceWith({ name, open: index, accelerated: 0, fastBytes: 0, tcpBytes: 1 }));
  const whole = aggregate({ ...input, namespaces: names, agents: [agentOf('node1', ...reports)], desiredNodes: 1 });

  it('lists those with most connections and sums the others in remainder', () => {
    expect(whole.namespaces).toHaveLength(maxListedNamespaces);
    expect(whole.namespaces?.slice(0, 2).map(({ name }) => name)).toEqual(['ns102', 'ns101']);
    expect(whole.remainder).toEqual({ namespaces: 3, connections: { open: 0 + 1 + 2, accelerated: 0, adopted: 0 }, bytes: { fast: 0, tcp: 3 } });
  });

  it('counts all of them in the totals', () => {
    expect(whole.connections).toEqual({ open: (102 * 103) / 2, accelerated: 0, adopted: 0 });
    expect(whole.bytes).toEqual({ fast: 0, tcp: 103 });
  });

  it('is valid by the schema of the status', () => {
    expect(status.safeParse(whole).success).toBe(true);
  });
});
