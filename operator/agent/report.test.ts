import { type Report, report as reportSchema } from '../protocol';
import type { NamespaceCounters } from './datapath/contract';
import { noCounters } from './datapath.testing';
import type { NodeState } from './nodeReconciler';
import { buildReport, Reporter } from './report';

const counters = (namespace: string, change: Partial<NamespaceCounters> = {}): NamespaceCounters => ({
  ...noCounters(namespace),
  open: 10,
  accelerated: 8,
  reasons: new Map([
    ['Pairing', 2],
    ['LimitReached', 0],
  ]),
  fastBytes: 1000n,
  tcpBytes: 10n,
  passes: new Map([
    ['Backlog', 3n],
    ['Order', 0n],
  ]),
  ...change,
});
const state = (change: Partial<NodeState> = {}): NodeState => ({
  appliedOrder: 3,
  released: false,
  problems: [],
  mode: 'Accelerate',
  refused: [],
  selected: [1, 2].map((netns) => ({ netns, netnsFile: '', namespace: 'shop', shaped: false, addresses: [] })),
  snapshot: { namespaces: [counters('shop')], joinedSockets: 8, drainingSockets: 0 },
  ...change,
});

test('a report has the selected and accelerated pods and the counters, without reasons and gates whose count is 0', () => {
  expect(buildReport(state())).toEqual({
    appliedOrder: 3,
    released: false,
    problems: [],
    joinedSockets: 8,
    drainingSockets: 0,
    errors: 0,
    namespaces: [
      {
        name: 'shop',
        podsSelected: 2,
        podsAccelerated: 2,
        open: 10,
        accelerated: 8,
        reasons: [{ reason: 'Pairing', connections: 2 }],
        fastBytes: 1000,
        tcpBytes: 10,
        passes: [{ gate: 'Backlog', messages: 3 }],
        draining: 0,
        adopted: 0,
        left: 0,
        woken: 0,
        unseen: 0,
      },
    ],
  });
});

test.each([
  ['the mode is not Accelerate', { mode: 'Observe' as const }],
  ['the datapath has no room for the namespace', { refused: ['shop'] }],
  ['there is no datapath', { snapshot: undefined }],
])('no pod counts as accelerated while %s', (_, change) => {
  expect(buildReport(state(change)).namespaces[0]).toMatchObject({ podsSelected: 2, podsAccelerated: 0 });
});

test('namespaces with pods only and namespaces with counters only are reported, sorted by name', () => {
  const { namespaces } = buildReport(state({ snapshot: { namespaces: [counters('bank'), counters('')], joinedSockets: 0, drainingSockets: 0 } }));
  expect(namespaces.map(({ name, podsSelected, open }) => [name, podsSelected, open])).toEqual([
    ['bank', 0, 10],
    ['shop', 2, 0],
  ]);
});

test('a report is within the bounds of the channel, whatever the counters are', () => {
  const many = Array.from({ length: 1100 }, (_, index) => counters(`ns-${index}`, { fastBytes: 2n ** 63n }));
  const report = buildReport(
    state({
      snapshot: { namespaces: many, joinedSockets: 0, drainingSockets: 0 },
      problems: Array.from({ length: 40 }, () => ({ reason: 'LoadRefused' as const, message: 'm' })),
    }),
  );
  expect(reportSchema.safeParse(report).success).toBe(true);
  expect(report.namespaces[0]?.fastBytes).toBe(Number.MAX_SAFE_INTEGER);
});

describe('the reporter', () => {
  let now = 0;
  let sent: Report[] = [];
  let reporter: Reporter;
  beforeEach(() => {
    now = 0;
    sent = [];
    reporter = new Reporter(
      (report) => sent.push(report),
      () => now,
    );
  });

  test('sends the first report, and the next when something has changed', () => {
    reporter.offer(buildReport(state()));
    reporter.offer(buildReport(state()));
    reporter.offer(buildReport(state({ appliedOrder: 4 })));
    expect(sent.map(({ appliedOrder }) => appliedOrder)).toEqual([3, 4]);
  });

  test('sends changes of counters at the ordered pace, and other changes at once', () => {
    const counted = (fastBytes: bigint, appliedOrder = 3): Report =>
      buildReport(state({ appliedOrder, snapshot: { namespaces: [counters('shop', { fastBytes })], joinedSockets: 0, drainingSockets: 0 } }));
    reporter.pace(5);
    for (; now < 10_000; now += 1000) reporter.offer(counted(BigInt(now)));
    expect(sent).toHaveLength(2);
    reporter.offer(counted(1n, 4));
    expect(sent.at(-1)?.appliedOrder).toBe(4);
  });

  test('repeats an unchanged report every ten seconds', () => {
    for (; now <= 20_000; now += 1000) reporter.offer(buildReport(state()));
    expect(sent).toHaveLength(3);
  });
});
