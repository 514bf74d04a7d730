import { setImmediate } from 'node:timers/promises';
import { namespaceWith, reportWith } from '../../agents/agents.testing';
import { connectionWith, watchedWith } from '../../live/live.testing';
import { Claims } from './claims';
import type { PodsByNamespace } from './judge';

const shop = (podsSelected: number) => reportWith({ namespaces: [namespaceWith({ name: 'shop', podsSelected })] });

function setUp(there: Record<string, readonly string[]> | Error) {
  const state = { now: 0, there, looks: 0, asked: undefined as readonly string[] | undefined, judged: 0, selected: undefined as ReadonlySet<string> | undefined };
  const said: string[] = [];
  const claims = new Claims({
    node: 'n1',
    look: (namespaces) => {
      state.looks += 1;
      state.asked = namespaces;
      return state.there instanceof Error ? Promise.reject(state.there) : Promise.resolve<PodsByNamespace>(new Map(Object.entries(state.there)));
    },
    selected: () => state.selected,
    onJudged: () => void (state.judged += 1),
    now: () => state.now,
    log: (_level, message) => void said.push(message),
  });
  const take = async (report: ReturnType<typeof shop>, afterMs = 0): Promise<void> => {
    state.now += afterMs;
    claims.take(report);
    await setImmediate();
  };
  return { claims, state, said, take };
}

test('the pods of a node are looked at when it first speaks of some, and then its report counts', async () => {
  const { claims, state, take } = setUp({ shop: ['cart'] });
  claims.take(shop(1));
  expect([claims.report?.namespaces, claims.checked]).toEqual([[], false]);
  await setImmediate();
  expect([claims.report?.namespaces.length, claims.checked, state.looks, state.judged]).toEqual([1, true, 1, 1]);
  for (let second = 0; second < 300; second += 1) await take(shop(1), 1000);
  expect(state.looks).toBe(1);
});

test('a node without selected pods is not looked at', async () => {
  const { claims, state, take } = setUp({});
  await take(reportWith());
  expect([claims.checked, state.looks]).toEqual([true, 0]);
});

test('a pod that has just come counts at the next look, which is at once', async () => {
  const { claims, state, take } = setUp({ shop: ['cart'] });
  await take(shop(1));
  state.there = { shop: ['cart', 'web'] };
  await take(shop(2), 5000);
  expect([claims.report?.namespaces[0]?.podsSelected, state.looks, claims.lie]).toEqual([2, 2, undefined]);
});

test('a pod that comes right after a look is looked for by itself a second later, and by nobody once its node is forgotten', async () => {
  jest.useFakeTimers({ doNotFake: ['setImmediate', 'nextTick', 'queueMicrotask'] });
  const { claims, state, take } = setUp({ shop: ['cart'] });
  await take(shop(1));
  state.there = { shop: ['cart', 'web'] };
  await take(shop(2), 100);
  expect(claims.report?.namespaces).toEqual([]);
  state.now += 900;
  jest.advanceTimersByTime(900);
  await setImmediate();
  expect([claims.report?.namespaces[0]?.podsSelected, state.looks]).toEqual([2, 2]);
  await take(shop(3), 100);
  claims.close();
  state.now += 60_000;
  jest.advanceTimersByTime(60_000);
  await setImmediate();
  expect(state.looks).toBe(2);
  jest.useRealTimers();
});

test('of one or two namespaces only their pods are asked for, of more all of the node', async () => {
  const all = { a: ['1'], b: ['2'], c: ['3'], d: ['4'] };
  const { claims, state, take } = setUp(all);
  const report = (...names: string[]) => reportWith({ namespaces: names.map((name) => namespaceWith({ name, podsSelected: 1 })) });
  state.there = { a: ['1'] };
  await take(report('a'));
  expect(state.asked).toBeUndefined();
  state.there = { b: ['2'] };
  await take(report('a', 'b'), 5000);
  expect([state.asked, claims.report?.namespaces.map(({ name }) => name)]).toEqual([['b'], ['a', 'b']]);
  state.there = all;
  await take(report('a', 'b', 'c', 'd'), 5000);
  expect([state.asked, claims.report?.namespaces.length]).toEqual([['c', 'd'], 4]);
  await take(report('a', 'b', 'c', 'd', 'x', 'y', 'z'), 5000);
  expect([state.asked, claims.report?.namespaces.length]).toEqual([undefined, 4]);
});

test('a node that goes on to claim what is not there is looked at less and less, and said once to lie, after a while', async () => {
  const { claims, state, said, take } = setUp({ shop: ['cart'] });
  await take(shop(9));
  expect([claims.report?.namespaces, claims.lie, said]).toEqual([[], undefined, []]);
  for (let second = 0; second < 599; second += 1) await take(shop(9), 1000);
  expect(claims.lie).toBe('pods that are not on it: 9 in shop of 1');
  expect(said).toEqual(['the agent of node n1 reports pods that are not on it: 9 in shop of 1: not counted; if that goes on, look at the node, for somebody else may speak there']);
  expect(state.looks).toBeLessThan(20);
  await take(shop(1), 1000);
  expect([claims.lie, claims.report?.namespaces.length]).toEqual([undefined, 1]);
});

test('what no node can have is a lie at once, and costs no look', async () => {
  const { claims, state, said, take } = setUp({ shop: ['cart'] });
  await take(shop(1));
  await take(reportWith({ namespaces: [namespaceWith({ name: 'shop', podsSelected: 1, open: 2 ** 53 - 1 })] }), 1000);
  expect([claims.report?.namespaces, claims.lie, state.looks]).toEqual([[], expect.stringContaining('9007199254740991 open'), 1]);
  expect(said).toHaveLength(1);
});

test('pods that have gone are believed in for ten minutes at most, and the bytes that they sent stay', async () => {
  const { claims, state, take } = setUp({ shop: ['cart'] });
  await take(shop(1));
  state.there = {};
  await take(shop(1), 599_000);
  expect(claims.report?.namespaces).toHaveLength(1);
  await take(shop(1), 2000);
  expect(claims.report?.namespaces).toHaveLength(0);
  await take(reportWith({ namespaces: [namespaceWith({ name: 'shop', podsSelected: 0, open: 0, accelerated: 0, fastBytes: 9 })] }), 2000);
  expect(claims.report?.namespaces).toMatchObject([{ fastBytes: 9 }]);
});

test('an API server that does not answer leaves what was known', async () => {
  const { claims, state, said, take } = setUp({ shop: ['cart'] });
  await take(shop(1));
  state.there = new Error('GET /api/v1/pods: no answer');
  await take(shop(2), 5000);
  expect(claims.report?.namespaces).toEqual([]);
  await take(shop(1), 5000);
  expect([claims.report?.namespaces.length, claims.lie]).toEqual([1, undefined]);
  expect(said).toEqual([expect.stringContaining('looking at the pods of node n1: GET /api/v1/pods: no answer')]);
});

test('a row of a live answer about a pod that is not known has the node looked at', async () => {
  const { claims, state, take } = setUp({ shop: ['web'] });
  await take(shop(1));
  state.there = { shop: ['web', 'cart'] };
  state.now += 5000;
  expect(claims.rowsOf(watchedWith(1, { connections: [connectionWith()] })).connections).toEqual([]);
  await setImmediate();
  expect(claims.rowsOf(watchedWith(1, { connections: [connectionWith()] })).connections).toHaveLength(1);
  expect(state.looks).toBe(2);
});

test('a live answer says that the pods of the node have not been looked up, until they have', async () => {
  const { claims, state } = setUp(new Error('GET /api/v1/pods: no answer'));
  const problem = 'the pods of this node have not been looked up yet; try again';
  const watched = watchedWith(1, { connections: [connectionWith({ peer: '' })] });
  expect(claims.rowsOf(watched)).toMatchObject({ connections: [], problem, omitted: 1 });
  await setImmediate();
  expect(claims.rowsOf(watched)).toMatchObject({ connections: [], problem });
  state.there = { shop: ['cart'] };
  state.now += 5000;
  claims.rowsOf(watched);
  await setImmediate();
  expect(claims.rowsOf(watched)).toEqual(watched);
});

test('what an agent says itself of a live answer stays, and an answer without rows needs no look', () => {
  const { claims, state } = setUp({});
  for (const watched of [watchedWith(1), watchedWith(1, { problem: 'no datapath' })]) expect(claims.rowsOf(watched)).toEqual(watched);
  expect(state.looks).toBe(0);
});

test('a namespace that is not selected any more is forgotten at the next look', async () => {
  const { claims, state, take } = setUp({ shop: ['cart'], bank: ['vault'] });
  const bytesOf = (name: string) => reportWith({ namespaces: [namespaceWith({ name, podsSelected: 0, podsAccelerated: 0, open: 0, accelerated: 0, fastBytes: 9 })] });
  await take(bytesOf('bank'));
  state.there = { shop: ['cart'] };
  state.selected = new Set(['shop']);
  await take(shop(2), 5000);
  state.selected = undefined;
  await take(bytesOf('bank'), 5000);
  expect(claims.report?.namespaces).toEqual([]);
});
