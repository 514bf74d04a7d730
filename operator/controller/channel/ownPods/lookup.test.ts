import type { KubeClient } from '../../../kube';
import { PodLookup } from './lookup';

const pod = (namespace: string, name: string) => ({ metadata: { namespace, name, labels: { a: 'b' } } });

function lookupOf(answer: unknown) {
  const asked: unknown[] = [];
  const request: KubeClient['request'] = (...args) => (asked.push(args), Promise.resolve(answer));
  return { lookup: new PodLookup({ request }, () => 0), asked };
}

test('the list has the metadata of one node’s pods, from the cache of the API server', async () => {
  const { lookup, asked } = lookupOf({ items: [pod('shop', 'cart'), pod('shop', 'web'), pod('bank', 'vault')] });
  expect(await lookup.podsOn('node1', undefined, undefined)).toEqual(
    new Map([
      ['shop', ['cart', 'web']],
      ['bank', ['vault']],
    ]),
  );
  const query = { fieldSelector: 'spec.nodeName=node1', resourceVersion: '0' };
  expect(asked).toEqual([['GET', '/api/v1/pods', { query, accept: 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1' }]]);
});

test('null stands for no pods', async () => {
  const { lookup } = lookupOf({ kind: 'PartialObjectMetadataList', items: null });
  expect(await lookup.podsOn('node1', undefined, undefined)).toEqual(new Map());
});

test('pods of given namespaces are listed there', async () => {
  const { lookup, asked } = lookupOf({ items: [pod('shop', 'cart')] });
  expect(await lookup.podsOn('node1', ['shop'], undefined)).toEqual(new Map([['shop', ['cart']]]));
  expect(asked).toEqual([['GET', '/api/v1/namespaces/shop/pods', expect.anything()]]);
});

test('pods of namespaces that are not selected are left out', async () => {
  const { lookup } = lookupOf({ items: [pod('shop', 'cart'), pod('bank', 'vault')] });
  expect(await lookup.podsOn('node1', undefined, new Set(['shop']))).toEqual(new Map([['shop', ['cart']]]));
});

test('eight nodes are listed at the same time at most', async () => {
  const open: (() => void)[] = [];
  const request = (): Promise<unknown> => new Promise((resolve) => open.push(() => resolve({ items: [] })));
  const lookup = new PodLookup({ request }, () => 0);
  const all = Array.from({ length: 20 }, (_, at) => lookup.podsOn(`node${at}`, undefined, undefined));
  await Promise.resolve();
  expect(open).toHaveLength(8);
  let answered = 0;
  while (answered < 20) {
    open[answered++]?.();
    await new Promise((resolve) => setImmediate(resolve));
  }
  await expect(Promise.all(all)).resolves.toHaveLength(20);
});
