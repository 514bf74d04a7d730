// Pods whose connections stay on TCP: pods with a limited bandwidth, and pods with a kernel of their own. Needs root.
import { Fixture, selected, settings, until } from './fixture';
import { serve, talk, type Talk } from './traffic';

const port = 8000;
const fine = { wrongBytes: 0, errors: [] };
/** Lasts long enough to be observed. */
const slowTalk: Talk = { connections: 4, messages: 100, maxBytes: 2000, pauseMs: 10 };

let f: Fixture;
beforeEach(() => {
  f = new Fixture();
});
afterEach(() => f.remove());

const pods = (shaped: { client?: boolean; server?: boolean }) => [
  { ...selected(f.client, 'front'), shaped: shaped.client ?? false },
  { ...selected(f.server, 'back'), shaped: shaped.server ?? false },
];
const reasons = (reason: 'BandwidthLimited') => ['front', 'back'].map((name) => f.counters(name).reasons.get(reason) ?? 0);
const fastBytes = (): bigint => f.counters('front').fastBytes + f.counters('back').fastBytes;

test.each([
  ['connects', { client: true }, false],
  ['accepts', { server: true }, false],
  ['connects, where connections are learnt', { client: true }, true],
  ['accepts, where connections are learnt', { server: true }, true],
])('nothing is redirected for a pod with a limited bandwidth that %s, and both ends have the reason', async (_, shaped, learn) => {
  f.datapath.configure({ ...settings, learn });
  f.datapath.select(pods(shaped), []);
  await serve(f.node, f.server, port);
  const talking = talk(f.node, f.client, f.server.address, port, slowTalk);
  await until(
    'the reason is BandwidthLimited',
    () => f.datapath.scan().steps >= 0 && reasons('BandwidthLimited').join() === '4,4',
    () => f.datapath.snapshot(),
  );
  expect(await talking).toMatchObject(fine);
  expect(fastBytes()).toBe(0n);
});

test('a pod behind a queue of 1 Mbit/s gets no more than that', async () => {
  f.node.exec(f.client, 'tc', 'qdisc', 'add', 'dev', 'eth0', 'root', 'tbf', 'rate', '1mbit', 'burst', '16kb', 'latency', '300ms');
  f.datapath.select(pods({ client: true }), []);
  await serve(f.node, f.server, port);
  const talking = talk(f.node, f.client, f.server.address, port, { connections: 2, messages: 300, maxBytes: 20_000, pauseMs: 0 });
  const sent = (): bigint => (f.datapath.scan().steps >= 0 ? f.counters('front').fastBytes + f.counters('front').tcpBytes : 0n);
  await until('bytes are on their way', () => sent() > 0n);
  const [began, before] = [performance.now(), sent()];
  await until('three seconds are over', () => performance.now() - began > 3000);
  const seconds = (performance.now() - began) / 1000;
  expect(Number(sent() - before) / seconds).toBeLessThan(1.3 * 125_000);
  expect(sent()).toBeGreaterThan(before);
  f.node.exec(f.client, 'tc', 'qdisc', 'del', 'dev', 'eth0', 'root');
  expect(await talking).toMatchObject(fine);
});

test('a connection inside a pod with a limited bandwidth is joined', async () => {
  f.datapath.select(pods({ server: true }), []);
  await serve(f.node, f.server, port);
  expect(await talk(f.node, f.server, '127.0.0.1', port)).toMatchObject(fine);
  expect(f.counters('back').fastBytes).toBeGreaterThan(0n);
});

test('connections that were joined go back to TCP when the bandwidth of a pod becomes limited', async () => {
  await serve(f.node, f.server, port);
  const talking = talk(f.node, f.client, f.server.address, port, { connections: 4, messages: 20_000, maxBytes: 20_000, pauseMs: 0 });
  await until('bytes are redirected', () => fastBytes() > 0n);
  f.datapath.select(pods({ server: true }), []);
  await until(
    'the reason is BandwidthLimited',
    () => f.datapath.scan(undefined, false).steps >= 0 && reasons('BandwidthLimited').join() === '4,4',
    () => f.datapath.snapshot(),
  );
  const left = fastBytes();
  const slow = f.counters('front').tcpBytes;
  await until('bytes go over TCP', () => f.datapath.scan(undefined, false).steps >= 0 && f.counters('front').tcpBytes > slow + 100_000n);
  expect(fastBytes()).toBe(left);
  expect(await talking).toMatchObject(fine);
});

test.each([
  ['accepts', 'front'],
  ['connects', 'back'],
] as const)('the peer of a pod with a kernel of its own that %s has that reason', async (_, namespace) => {
  const [pod, other] = namespace === 'front' ? [f.client, f.server] : [f.server, f.client];
  f.datapath.select([selected(pod, namespace)], [], [other.address, other.address6]);
  await serve(f.node, f.server, port);
  const talking = talk(f.node, f.client, f.server.address, port, slowTalk);
  await until(
    'the reason is PeerOwnKernel',
    () => (f.counters(namespace).reasons.get('PeerOwnKernel') ?? 0) === 4,
    () => f.datapath.snapshot(),
  );
  expect(await talking).toMatchObject(fine);
});
