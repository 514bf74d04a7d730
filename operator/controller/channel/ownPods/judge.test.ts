import { connectionWith, watchedWith } from '../../live/live.testing';
import { namespaceWith, reportWith } from '../../agents/agents.testing';
import { judge, mostOpenEnds, ownRows, type PodsByNamespace } from './judge';

const pods: PodsByNamespace = new Map([
  ['shop', ['cart', 'web']],
  ['bank', []],
]);
const selected = new Set(['shop', 'bank', 'vault']);
const shop = namespaceWith({ name: 'shop', podsSelected: 2, open: 40, accelerated: 30 });

test('a report about existing pods is plausible as a whole', () => {
  const report = reportWith({ namespaces: [shop] });
  expect(judge(report, pods, selected)).toEqual({ report });
  expect(judge(report, pods, selected).report).toBe(report);
});

test('before the pods were listed no namespace counts, but the rest of the report does', () => {
  const report = reportWith({ errors: 3, namespaces: [shop] });
  expect(judge(report, undefined, selected)).toEqual({
    report: { ...report, namespaces: [] },
    unbacked: { namespaces: ['shop'], words: 'pods that are not on the node: 2 in shop instead of 0' },
  });
  expect(judge(reportWith(), undefined, selected)).toEqual({ report: reportWith() });
});

test('a namespace without pods on the node is dropped, and so is one with more pods than exist; the others stay', () => {
  const more = namespaceWith({ name: 'vault', podsSelected: 1, open: 9 });
  const report = reportWith({ namespaces: [shop, more, namespaceWith({ name: 'bank', podsSelected: 1 })] });
  expect(judge(report, pods, selected)).toEqual({
    report: { ...report, namespaces: [shop] },
    unbacked: { namespaces: ['vault', 'bank'], words: 'pods that are not on the node: 1 in vault instead of 0, 1 in bank instead of 0' },
  });
  const three = reportWith({ namespaces: [{ ...shop, podsSelected: 3 }] });
  expect(judge(three, pods, selected)).toEqual({
    report: { ...three, namespaces: [] },
    unbacked: { namespaces: ['shop'], words: 'pods that are not on the node: 3 in shop instead of 2' },
  });
});

test('a namespace with connections and without pods is dropped', () => {
  const report = reportWith({ namespaces: [namespaceWith({ name: 'bank', podsSelected: 0, open: 5 })] });
  expect(judge(report, pods, selected)).toMatchObject({ report: { namespaces: [] }, unbacked: { namespaces: ['bank'] } });
});

test('bytes count after the last known pod was deleted, and are plausible where no pod was known', () => {
  const gone = (name: string) => namespaceWith({ name, podsSelected: 0, podsAccelerated: 0, open: 0, accelerated: 0, fastBytes: 4096 });
  const report = reportWith({ namespaces: [gone('bank'), gone('vault')] });
  expect(judge(report, pods, selected)).toEqual({ report: { ...report, namespaces: [gone('bank')] } });
});

test('a namespace that is not selected is left out of the report, and nothing in it makes the report implausible', () => {
  const report = reportWith({ namespaces: [shop, namespaceWith({ name: 'left', podsSelected: 7, open: 2 ** 53 - 1 })] });
  expect(judge(report, pods, selected)).toEqual({ report: { ...report, namespaces: [shop] } });
});

test.each([
  ['open', { open: 2 ** 53 - 1 }, /^9007199254740991 open connection ends, and a node has 1048576 at most$/],
  ['open, just too many', { open: mostOpenEnds + 1 }, /open connection ends/],
  ['on TCP for a reason', { reasons: [{ reason: 'PeerElsewhere' as const, connections: 2 ** 53 - 1 }] }, /open connection ends/],
  ['accelerated', { open: mostOpenEnds, accelerated: 262_145 }, /^262145 joined connection ends/],
  ['adopted', { adopted: 2 ** 53 - 1 }, /joined connection ends/],
  ['draining', { draining: 2 ** 53 - 1 }, /joined connection ends/],
])('no namespace counts in a report with more connections than a node can have: %s', (_what, changes, words) => {
  const report = reportWith({ namespaces: [{ ...shop, ...changes }] });
  expect(judge(report, pods, selected)).toEqual({ report: { ...report, namespaces: [] }, impossible: expect.stringMatching(words) as string });
});

test('the bound of a node’s connections holds for the sum over the namespaces of its report', () => {
  const half = { open: mostOpenEnds / 2 + 1 };
  const both: PodsByNamespace = new Map([
    ['shop', ['cart', 'web']],
    ['vault', ['safe']],
  ]);
  expect(
    judge(reportWith({ namespaces: [{ ...shop, ...half }, namespaceWith({ name: 'vault', podsSelected: 1, ...half })] }), both, selected).impossible,
  ).toMatch(/open connection ends/);
});

test('an answer keeps the rows of the node’s own pods, without peers that are not own pods', () => {
  const own = connectionWith({ peer: 'shop/web' });
  const stranger = connectionWith({ peer: 'bank/vault' });
  const row = { namespace: 'shop', name: 'cart', open: 2, accelerated: 1, fastBytes: 1, tcpBytes: 1, rttUs: 1 };
  const all = [own, stranger, connectionWith({ namespace: 'bank' }), connectionWith({ pod: 'made-up' })];
  const watched = watchedWith(1, {
    connections: all,
    events: all.map((connection) => ({ type: 'Opened', connection })),
    omitted: 2 ** 53 - 1,
    pods: [row, { ...row, namespace: 'bank', name: 'vault' }, { ...row, open: 2 ** 53 - 1 }, { ...row, accelerated: 3 }],
  });
  const left = [own, { ...stranger, peer: '' }];
  expect(ownRows(watched, pods)).toEqual({
    ...watched,
    connections: left,
    events: left.map((connection) => ({ type: 'Opened', connection })),
    pods: [row],
    omitted: mostOpenEnds,
  });
  expect(ownRows(watched, undefined)).toMatchObject({ connections: [], events: [], pods: [] });
  expect(ownRows({ ...watched, omitted: 3 }, pods).omitted).toBe(3 + 2 + 2);
});
