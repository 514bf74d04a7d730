import { maxNamespaces, order as orderSchema } from '../../protocol';
import { orderWith, specWith } from './agents.testing';
import { namespacesLeftOut, OrderBook, orderOf, sameContent, selectedNamespaces } from './orders';

describe('the selected namespaces', () => {
  const cluster = [
    { name: 'shop', labels: { 'istio-injection': 'enabled' } },
    { name: 'billing', labels: { 'istio-injection': 'enabled', 'acceleration.dev/mode': 'off' } },
    { name: 'audit', labels: { 'istio-injection': 'enabled', 'acceleration.dev/mode': 'on' } },
    { name: 'plain', labels: {} },
    { name: 'kube-system', labels: { 'istio-injection': 'enabled' } },
    { name: 'kube-public', labels: {} },
    { name: 'kube-node-lease', labels: {} },
    { name: 'acceleration', labels: { 'istio-injection': 'enabled' } },
  ];

  it('are those that the selector matches, sorted, without system namespaces, the own one and those with mode=off', () => {
    const spec = specWith({ selector: { namespaces: { matchLabels: { 'istio-injection': 'enabled' } } } });
    expect(selectedNamespaces(spec, cluster, 'acceleration')).toEqual(['audit', 'shop']);
  });

  it('are all other namespaces when the selector is empty', () => {
    expect(selectedNamespaces(specWith(), cluster, 'acceleration')).toEqual(['audit', 'plain', 'shop']);
  });
});

describe('an order', () => {
  it('has the content of the spec', () => {
    const spec = specWith({
      mode: 'Observe',
      paths: ['NodeLocal'],
      connections: { max: 10, spillBytes: 8192 },
      selector: { pods: { matchLabels: { app: 'web' } } },
    });
    expect(orderOf(spec, ['shop'], false)).toEqual({
      mode: 'Observe',
      paths: ['NodeLocal'],
      maxConnections: 10,
      spillBytes: 8192,
      namespaces: ['shop'],
      podSelector: { matchLabels: { app: 'web' } },
      remove: false,
      reportSeconds: 1,
    });
  });

  it.each([
    [0, 1],
    [1000, 1],
    [1001, 2],
    [5000, 5],
    [100_000, 10],
  ])('for %d nodes has a report every %d seconds when only counters change', (nodes, reportSeconds) => {
    expect(orderOf(specWith(), [], false, nodes)).toMatchObject({ reportSeconds });
  });

  it('to remove has mode Off', () => {
    expect(orderOf(specWith(), ['shop'], true)).toMatchObject({ mode: 'Off', remove: true });
  });

  it('does not depend on the sequence of paths in the resource', () => {
    const [one, other] = [
      ['PodLocal', 'NodeLocal'],
      ['NodeLocal', 'PodLocal'],
    ].map((paths) => orderOf(specWith({ paths }), [], false));
    expect(one).toEqual(other);
  });

  it('has as many namespaces as the channel allows, and the others are a problem', () => {
    const names = Array.from({ length: maxNamespaces + 2 }, (_, index) => `n${String(index).padStart(4, '0')}`);
    const content = orderOf(specWith(), names, false);
    expect(orderSchema.safeParse({ revision: 1, ...content, podSelector: '{}' }).success).toBe(true);
    expect(namespacesLeftOut(names)).toEqual({
      reason: 'TooManyNamespaces',
      message: '1026 namespaces are selected, and 1024 are the most: 2 are left out, from n1024 on; narrow spec.selector.namespaces',
    });
    expect(namespacesLeftOut(names.slice(2))).toBeUndefined();
  });
});

describe('two orders', () => {
  it('are the same when only the revision and the sequence of keys differ', () => {
    const selector = (keys: string[]) => ({ matchLabels: Object.fromEntries(keys.map((key) => [key, 'x'])) });
    const first = { ...orderWith(), podSelector: selector(['a', 'b']) };
    expect(sameContent(first, { ...first, revision: 7, podSelector: selector(['b', 'a']) } as typeof first)).toBe(true);
  });

  it.each([
    ['mode', { mode: 'Off' as const }],
    ['namespaces', { namespaces: ['shop', 'billing'] }],
    ['podSelector', { podSelector: { matchLabels: { app: 'web' } } }],
    ['remove', { remove: true }],
    ['spillBytes', { spillBytes: 4096 }],
  ])('differ by %s', (_, change) => {
    expect(sameContent(orderWith(), { ...orderWith(), ...change })).toBe(false);
  });
});

describe('the order book', () => {
  const content = orderOf(specWith(), ['shop'], false);
  const off = orderOf(specWith({ mode: 'Off' }), ['shop'], false);

  it('has the time as revision, so that a new controller’s revisions are larger', () => {
    let now = 5000;
    const before = new OrderBook(() => now).update(content);
    now = 6000;
    const after = new OrderBook(() => now).update(content);
    expect([before?.revision, after?.revision]).toEqual([5000, 6000]);
  });

  it('increases the revision also when the clock stands still or goes back', () => {
    let now = 5000.7;
    const book = new OrderBook(() => now);
    const revisions = [book.update(content)?.revision, book.update(off)?.revision];
    now = 10;
    revisions.push(book.update(content)?.revision);
    expect(revisions).toEqual([5000, 5001, 5002]);
  });

  it('gives agents 15 s to apply an order, also while orders follow each other without a pause', () => {
    let now = 100_000;
    const book = new OrderBook(() => now);
    expect(book.due).toBeUndefined();
    const seen: (number | undefined)[] = [];
    for (let second = 0; second <= 40; second += 1) {
      book.update(second % 2 === 0 ? content : off);
      if (second % 10 === 0) seen.push(book.due);
      now += 1000;
    }
    expect(seen).toEqual([100_000, 100_000, 105_000, 115_000, 125_000]);
    now += 15_000;
    expect(book.due).toBe(book.current?.revision);
  });

  it('makes no new order for the same content', () => {
    const book = new OrderBook(() => 5000);
    expect(book.current).toBeUndefined();
    const first = book.update(content);
    expect(book.update({ ...content })).toBeUndefined();
    expect(book.current).toBe(first);
  });
});
