import { maxLiveRows, maxWatches, type Watch, type Watched, watchMs } from '../../protocol';
import { FakeDatapath } from '../datapath.testing';
import { endWith, podOf } from './ends.testing';
import { LiveReader, mostOfPod } from './read';
import { LiveWatches } from './watches';

const cart = podOf('cart', 1001);
const web = podOf('web', 1002);
const vault = podOf('vault', 1003, 'bank');
const joined = { path: 'NodeLocal', original: '10.98.0.9:80', redirected: '10.0.0.2:15006' } as const;

let clock: number;
let datapath: FakeDatapath | undefined;
let walks: number;
let said: Watched[];
/** Callbacks of sent answers that the test has not called yet. */
let held: (() => void)[];
let holding: boolean;
let defects: unknown[];
let live: LiveWatches;

beforeEach(() => {
  [clock, walks, said, held, holding, defects] = [10_000, 0, [], [], false, []];
  datapath = new FakeDatapath();
  for (const { netns } of [cart, web]) datapath.ends.set(netns, []);
  const describe = datapath.describe.bind(datapath);
  datapath.describe = (netns) => {
    walks++;
    clock += 4;
    return describe(netns);
  };
  live = new LiveWatches({
    reader: new LiveReader(
      () => datapath,
      () => clock,
    ),
    pods: () => [cart, web, vault],
    send: (watched, done) => {
      said.push(watched);
      if (holding) held.push(done);
      else done();
    },
    now: () => clock,
    onDefect: (error) => defects.push(error),
  });
});
afterEach(() => expect(defects).toEqual([]));

const asked = (changes: Partial<Watch> = {}): Watch => ({ id: 1, namespace: 'shop', pod: '', limit: 100, events: false, cancel: false, ...changes });

async function settled(): Promise<void> {
  for (let turn = 0; turn < 10; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}
async function answers(watch: Watch): Promise<Watched[]> {
  const before = said.length;
  live.take(watch);
  await settled();
  return said.slice(before);
}
/** The answers of the next second. */
async function later(): Promise<Watched[]> {
  const before = said.length;
  clock += 1000;
  live.tick();
  await settled();
  return said.slice(before);
}

describe('a request for a list', () => {
  test('is answered with the connections of the pods, sorted by bytes sent, and with sums over all connections', async () => {
    datapath?.ends.set(1001, [
      endWith({ cookie: 1n }),
      endWith({ cookie: 2n, state: 'Accelerated', fastBytes: 5000n, tcpBytes: 10n, rttUs: 70, joined, peerNetns: 1002 }),
    ]);
    const [answer, ...more] = await answers(asked());
    expect(more).toEqual([]);
    expect(answer).toMatchObject({ id: 1, omitted: 0, problem: '', last: true, events: [] });
    expect(answer?.pods).toEqual([
      { namespace: 'shop', name: 'cart', open: 2, accelerated: 1, fastBytes: 5000, tcpBytes: 110, rttUs: 60 },
      { namespace: 'shop', name: 'web', open: 0, accelerated: 0, fastBytes: 0, tcpBytes: 0, rttUs: 0 },
    ]);
    expect(answer?.connections).toEqual([
      {
        id: '2',
        namespace: 'shop',
        pod: 'cart',
        local: '10.0.0.1:40000',
        remote: '10.98.0.9:80',
        ...joined,
        peer: 'shop/web',
        accepting: false,
        accelerated: true,
        reason: '',
        fastBytes: 5000,
        tcpBytes: 10,
        rttUs: 70,
      },
      {
        id: '1',
        namespace: 'shop',
        pod: 'cart',
        local: '10.0.0.1:40000',
        remote: '10.98.0.9:80',
        path: '',
        original: '',
        redirected: '',
        peer: '',
        accepting: false,
        accelerated: false,
        reason: 'Learning',
        fastBytes: 0,
        tcpBytes: 100,
        rttUs: 50,
      },
    ]);
  });

  test('is answered for one pod, or for every namespace', async () => {
    datapath?.ends.set(1003, []);
    expect((await answers(asked({ pod: 'web' })))[0]?.pods.map(({ name }) => name)).toEqual(['web']);
    expect((await answers(asked({ namespace: '' })))[0]?.pods.map(({ name }) => name)).toEqual(['cart', 'web', 'vault']);
  });

  test('is answered with the number of connections for which there was no room, whatever its limit is', async () => {
    datapath?.ends.set(
      1001,
      Array.from({ length: maxLiveRows + 7 }, (_, at) => endWith({ cookie: BigInt(at + 1) })),
    );
    const [answer] = await answers(asked({ limit: 4_000_000_000 }));
    expect([answer?.connections.length, answer?.omitted, answer?.pods[0]?.open]).toEqual([maxLiveRows, 7, maxLiveRows + 7]);
    clock += 1000;
    expect((await answers(asked({ limit: 0 })))[0]).toMatchObject({ connections: [], omitted: maxLiveRows + 7 });
  });

  test.each([
    ['the agent of this node has no datapath open yet', undefined],
    ['the kernel of this node cannot list single connections; that needs 5.12', Object.assign(new FakeDatapath(), { describes: false })],
  ])('is answered with the reason why connections cannot be read: %s', async (problem, instead) => {
    datapath = instead;
    expect(await answers(asked())).toMatchObject([{ id: 1, problem, last: true, connections: [] }]);
  });

  test('causes one iteration per pod and second, for any number of requests, and a tenth of a core at most', async () => {
    await Promise.all([answers(asked()), answers(asked({ id: 2 }))]);
    expect(walks).toBe(2);
    clock += 1000;
    await answers(asked());
    expect(walks).toBe(4);
    // After an iteration of a second there is none for ten seconds.
    const slow = datapath;
    if (slow !== undefined) {
      const describe = slow.describe.bind(slow);
      slow.describe = (netns) => {
        clock += 1000;
        return describe(netns);
      };
    }
    clock += 1000;
    await answers(asked({ pod: 'cart' }));
    expect(walks).toBe(5);
    clock += 9000;
    await answers(asked({ pod: 'cart' }));
    expect(walks).toBe(5);
    clock += 1100;
    await answers(asked({ pod: 'cart' }));
    expect(walks).toBe(6);
  });
});

describe('a request for events', () => {
  const types = (answered: readonly Watched[]): string[] =>
    answered.flatMap(({ events }) => events.map(({ type, connection }) => `${type} ${connection.id}`));

  test('is answered with events after the request; connections that are already open are no events', async () => {
    datapath?.ends.set(1001, [endWith({ cookie: 1n })]);
    expect(await answers(asked({ events: true }))).toMatchObject([{ id: 1, events: [], last: false }]);
    expect(await later()).toEqual([]);
    datapath?.ends.set(1001, [endWith({ cookie: 1n, state: 'Accelerated' }), endWith({ cookie: 2n })]);
    expect(types(await later())).toEqual(['Paired 1', 'Opened 2']);
    datapath?.ends.set(1001, [endWith({ cookie: 1n, state: 'OneWay' }), endWith({ cookie: 3n, state: 'Accelerated' })]);
    expect(types(await later())).toEqual(['Closed 2', 'Left 1', 'Opened 3', 'Paired 3']);
    datapath?.ends.set(1001, []);
    expect(types(await later())).toEqual(['Closed 1', 'Closed 3']);
  });

  test('is answered with Closed events when the pod has ended', async () => {
    datapath?.ends.set(1001, [endWith({ cookie: 1n })]);
    await answers(asked({ events: true }));
    datapath?.ends.delete(1001);
    expect(types(await later())).toEqual(['Closed 1']);
  });

  test('waits for a controller that reads slowly, and then sends one comparison', async () => {
    await answers(asked({ events: true }));
    holding = true;
    datapath?.ends.set(1001, [endWith({ cookie: 1n })]);
    expect(types(await later())).toEqual(['Opened 1']);
    for (const cookie of [2n, 3n, 4n]) {
      datapath?.ends.set(1001, [endWith({ cookie })]);
      expect(await later()).toEqual([]);
    }
    held.forEach((done) => done());
    expect(types(await later())).toEqual(['Closed 1', 'Opened 4']);
  });

  test('is answered with no events of a pod with more connections than are kept, until it has fewer', async () => {
    const many = Array.from({ length: mostOfPod + 1 }, (_, at) => endWith({ cookie: BigInt(at + 10) }));
    datapath?.ends.set(1001, many);
    await answers(asked({ events: true }));
    await settled();
    expect(said).toMatchObject([{ events: [], omitted: many.length }]);
    const quiet = async (): Promise<string[]> => types([...(await later()), ...(await later())]);
    datapath?.ends.set(1001, many.slice(1));
    datapath?.ends.set(1002, [endWith({ cookie: 1n })]);
    expect(await quiet()).toEqual(['Opened 1']);
    datapath?.ends.set(1001, many.slice(0, 2));
    await quiet();
    datapath?.ends.set(1001, many.slice(0, 1));
    expect(await quiet()).toEqual(['Closed b']);
  });

  test('is answered with the number of events for which there was no room', async () => {
    await answers(asked({ events: true }));
    datapath?.ends.set(
      1001,
      Array.from({ length: maxLiveRows + 3 }, (_, at) => endWith({ cookie: BigInt(at + 1) })),
    );
    expect(await later()).toMatchObject([{ omitted: 3, events: { length: maxLiveRows } }]);
  });

  test('ends when it is cancelled, when the stream ends, and after ten minutes', async () => {
    const change = (cookie: bigint): void => void datapath?.ends.set(1001, [endWith({ cookie })]);
    await answers(asked({ events: true }));
    live.take(asked({ cancel: true }));
    change(1n);
    expect(await later()).toEqual([]);
    await answers(asked({ events: true }));
    live.end();
    change(2n);
    expect(await later()).toEqual([]);
    await answers(asked({ events: true }));
    clock += watchMs;
    expect(await later()).toMatchObject([{ id: 1, last: true, problem: '' }]);
    change(3n);
    expect(await later()).toEqual([]);
  });

  test('is refused with a problem when there are too many', async () => {
    for (let id = 1; id <= maxWatches; id += 1) await answers(asked({ id, events: true }));
    expect(await answers(asked({ id: 99, events: true }))).toMatchObject([
      { id: 99, last: true, problem: `the agent already answers ${maxWatches} requests for live data, which is the most; try again later` },
    ]);
    live.take(asked({ id: 3, cancel: true }));
    expect(await answers(asked({ id: 99, events: true }))).toMatchObject([{ id: 99, last: false, problem: '' }]);
  });
});
