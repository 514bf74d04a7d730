import { setImmediate } from 'node:timers/promises';
import { namespaceWith, reportWith } from '../../agents/agents.testing';
import { connectionWith, watchedWith } from '../../live/live.testing';
import { Claims } from './claims';
import type { PodsByNamespace } from './judge';

const shop = (podsSelected: number) => reportWith({ namespaces: [namespaceWith({ name: 'shop', podsSelected })] });

function setUp(there: Record<string, readonly string[]> | Error) {
  const state = {
    now: 0,
    there,
    looks: 0,
    asked: undefined as readonly string[] | undefined,
    judged: 0,
    selected: undefined as ReadonlySet<string> | undefined,
  };
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

test('the pods of a node are listed at its first report with pods, and then the report counts', async () => {
  const { claims, state, take } = setUp({ shop: ['cart'] });
  claims.take(shop(1));
  expect([claims.report?.namespaces, claims.checked]).toEqual([[], false]);
  await setImmediate();
  expect([claims.report?.namespaces.length, claims.checked, state.looks, state.judged]).toEqual([1, true, 1, 1]);
  for (let second = 0; second < 300; second += 1) await take(shop(1), 1000);
  expect(state.looks).toBe(1);
});

test('the pods of a node without selected pods are not listed', async () => {
  const { claims, state, take } = setUp({});
  await take(reportWith());
  expect([claims.checked, state.looks]).toEqual([true, 0]);
});

test('a new pod is listed at once, and then counts', async () => {
  const { claims, state, take } = setUp({ shop: ['cart'] });
  await take(shop(1));
  state.there = { shop: ['cart', 'web'] };
  await take(shop(2), 5000);
  expect([claims.report?.namespaces[0]?.podsSelected, state.looks, claims.implausible]).toEqual([2, 2, undefined]);
});

test('a pod that is new right after a list is listed a second later, and not after close', async () => {
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

test('unknown pods in one or two namespaces are listed there, and in more namespaces with all pods of the node', async () => {
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

test('while a node goes on to report missing pods they are listed less and less often, and after a minute one line is logged', async () => {
  const { claims, state, said, take } = setUp({ shop: ['cart'] });
  await take(shop(9));
  expect([claims.report?.namespaces, claims.implausible, said]).toEqual([[], undefined, []]);
  for (let second = 0; second < 599; second += 1) await take(shop(9), 1000);
  expect(claims.implausible).toBe('pods that are not on the node: 9 in shop instead of 1');
  expect(said).toEqual([
    "the agent of node n1 reports pods that are not on the node: 9 in shop instead of 1, which is not counted; if that goes on, another program may use the agent's token",
  ]);
  expect(state.looks).toBeLessThan(20);
  await take(shop(1), 1000);
  expect([claims.implausible, claims.report?.namespaces.length]).toEqual([undefined, 1]);
});

test('a report that no node can have is implausible at once, without a list', async () => {
  const { claims, state, said, take } = setUp({ shop: ['cart'] });
  await take(shop(1));
  await take(reportWith({ namespaces: [namespaceWith({ name: 'shop', podsSelected: 1, open: 2 ** 53 - 1 })] }), 1000);
  expect([claims.report?.namespaces, claims.implausible, state.looks]).toEqual([[], expect.stringContaining('9007199254740991 open'), 1]);
  expect(said).toHaveLength(1);
});

test('deleted pods count for ten minutes at most, and the bytes that they have sent stay', async () => {
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

test('the known pods stay while the API server does not answer', async () => {
  const { claims, state, said, take } = setUp({ shop: ['cart'] });
  await take(shop(1));
  state.there = new Error('GET /api/v1/pods: no answer');
  await take(shop(2), 5000);
  expect(claims.report?.namespaces).toEqual([]);
  await take(shop(1), 5000);
  expect([claims.report?.namespaces.length, claims.implausible]).toEqual([1, undefined]);
  expect(said).toEqual([expect.stringContaining('list the pods of node n1: GET /api/v1/pods: no answer')]);
});

test('a row of an answer about an unknown pod causes a list', async () => {
  const { claims, state, take } = setUp({ shop: ['web'] });
  await take(shop(1));
  state.there = { shop: ['web', 'cart'] };
  state.now += 5000;
  expect(claims.rowsOf(watchedWith(1, { connections: [connectionWith()] })).connections).toEqual([]);
  await setImmediate();
  expect(claims.rowsOf(watchedWith(1, { connections: [connectionWith()] })).connections).toHaveLength(1);
  expect(state.looks).toBe(2);
});

test('an answer has a problem until the pods of the node were listed', async () => {
  const { claims, state } = setUp(new Error('GET /api/v1/pods: no answer'));
  const problem = 'the controller has not listed the pods of this node yet; try again';
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

test('the agent’s own problem stays in an answer, and an answer without rows causes no list', () => {
  const { claims, state } = setUp({});
  for (const watched of [watchedWith(1), watchedWith(1, { problem: 'no datapath' })]) expect(claims.rowsOf(watched)).toEqual(watched);
  expect(state.looks).toBe(0);
});

test('a namespace that is no longer selected is dropped at the next list', async () => {
  const { claims, state, take } = setUp({ shop: ['cart'], bank: ['vault'] });
  const bytesOf = (name: string) =>
    reportWith({ namespaces: [namespaceWith({ name, podsSelected: 0, podsAccelerated: 0, open: 0, accelerated: 0, fastBytes: 9 })] });
  await take(bytesOf('bank'));
  state.there = { shop: ['cart'] };
  state.selected = new Set(['shop']);
  await take(shop(2), 5000);
  state.selected = undefined;
  await take(bytesOf('bank'), 5000);
  expect(claims.report?.namespaces).toEqual([]);
});
