// Which connections stay on TCP because it serves them better, and how open connections join and leave; on the running kernel. Needs root.
import { enumerator } from '../../operator/agent/datapath/btf';
import { runningKernel } from '../../operator/agent/datapath/features';
import { Fixture, settings, until } from './fixture';
import type { TestPod } from './pods';
import { script, serve, talk, type Talk } from './traffic';

const port = 8000;
const fine = { wrongBytes: 0, errors: [] };
/** Before Linux 6.12 no scan can follow a connection that stays open, so each is followed from its opening. */
const scansAskForCallbacks = enumerator(runningKernel(), 'TCP_BPF_SOCK_OPS_CB_FLAGS') !== undefined;
const steady: Talk = { connections: 4, messages: 300, maxBytes: 2000, pauseMs: 10 };

let f: Fixture;
beforeEach(() => {
  f = new Fixture();
  f.datapath.configure({ ...settings, learn: true });
});
afterEach(() => f.remove());

/** Waits until so many ends are open in the pod, counted or not. */
function openUnseen(pod: TestPod, ends: number): Promise<void> {
  return until(`${ends} ends are open`, () => f.node.openEnds(pod) === ends);
}

/** Scans until so many ends of a namespace are accelerated. */
function joinedByScans(namespace: string, ends: number): Promise<void> {
  return until(`${ends} ends of ${namespace} are accelerated`, () => {
    f.datapath.scan();
    return f.counters(namespace).accelerated === ends;
  });
}

test('connections to a new destination stay on TCP until a scan sees that they take turns', async () => {
  await serve(f.node, f.server, port);
  const talking = talk(f.node, f.client, f.server.address, port, steady);
  await until('both ends are learning', () => ['front', 'back'].every((n) => f.counters(n).reasons.get('Learning') === 4));
  expect(f.counters('front').fastBytes).toBe(0n);
  await joinedByScans('front', 4);
  await joinedByScans('back', 4);
  expect(f.counters('front')).toMatchObject({ adopted: 4, open: 4 });
  expect(f.datapath.snapshot().joinedSockets).toBe(8);
  expect([...f.datapath.connections(10)].map(({ original }) => original)).toEqual(Array(4).fill(`${f.server.address}:${port}`));
  expect(await talking).toMatchObject(fine);
  expect(f.counters('front').fastBytes).toBeGreaterThan(0n);
  await until('nothing is counted any more', () => f.counters('front').open === 0 && f.counters('back').open === 0);
  expect(f.counters('front').adopted).toBe(0);
  expect(f.datapath.snapshot().joinedSockets).toBe(0);
});

test('the next connections to a destination whose connections take turns are joined when they open', async () => {
  await serve(f.node, f.server, port);
  const learning = talk(f.node, f.client, f.server.address, port, steady);
  await joinedByScans('front', 4);
  expect(await learning).toMatchObject(fine);
  const talking = talk(f.node, f.client, f.server.address, port, steady);
  await until('the connections are accelerated', () => f.counters('front').accelerated === 4);
  expect(await talking).toMatchObject(fine);
});

test.each([
  ['IPv4', (): string => f.server.address],
  ['IPv6', (): string => f.server.address6],
  ['loopback', (): string => '127.0.0.1'],
])('connections that were open before anything was attached are adopted under load: %s', async (_, host) => {
  f.datapath.configure({ ...settings, mode: 'Off' });
  await serve(f.node, f.server, port);
  const [from, ends] = host() === '127.0.0.1' ? [f.server, 8] : [f.client, 4];
  const talking = talk(f.node, from, host(), port, { ...steady, messages: 600, pauseMs: 5 });
  await openUnseen(f.server, ends);
  expect(f.counters('back').open).toBe(0);
  f.datapath.configure({ ...settings, learn: true });
  await joinedByScans('back', ends);
  expect(f.counters('back').adopted).toBeGreaterThanOrEqual(4);
  expect(await talking).toMatchObject(fine);
  expect(f.counters('back').fastBytes).toBeGreaterThan(0n);
  await until('nothing is counted any more', () => f.counters('back').open === 0 && f.datapath.snapshot().joinedSockets === 0);
});

test('ends that looked for their peers in vain are found when their peers look for them', async () => {
  f.datapath.configure({ ...settings, mode: 'Off' });
  await serve(f.node, f.server, port);
  const talking = talk(f.node, f.client, f.server.address, port, { ...steady, messages: 600, pauseMs: 5 });
  await openUnseen(f.server, 4);
  f.datapath.configure({ ...settings, learn: true });
  await until('the accepting ends have looked in vain', () => {
    f.datapath.scan(new Set(['back']));
    return f.counters('back').reasons.get('PeerNotSelected') === 4;
  });
  await joinedByScans('front', 4);
  await joinedByScans('back', 4);
  expect(await talking).toMatchObject(fine);
  expect(f.counters('front').fastBytes).toBeGreaterThan(0n);
});

const one: Talk = { connections: 8, messages: 1, maxBytes: 1000, pauseMs: 0 };

test('connections of one request are not joined once the destination has shown that its connections are short, and a scan finds the reason', async () => {
  await serve(f.node, f.server, port);
  for (let i = 0; i < 3; i++) expect(await talk(f.node, f.client, f.server.address, port, one)).toMatchObject(fine);
  const talking = talk(f.node, f.client, f.server.address, port, { ...one, connections: 4, messages: 2, pauseMs: 1500 });
  await until('the reason is ShortLived', () => {
    f.datapath.scan();
    return f.counters('front').reasons.get('ShortLived') === 4 && f.counters('back').open === 4;
  });
  expect(await talking).toMatchObject(fine);
  expect(f.counters('front').fastBytes).toBe(0n);
  await until('nothing is counted any more', () => f.counters('front').open === 0 && f.counters('back').open === 0);
});

test('some of many short connections are sampled, and count for all', async () => {
  await serve(f.node, f.server, port);
  for (let i = 0; i < 3; i++) expect(await talk(f.node, f.client, f.server.address, port, one)).toMatchObject(fine);
  const before = f.counters('front').tcpBytes;
  const many: Talk = { connections: 800, messages: 1, maxBytes: 1000, pauseMs: 0 };
  const said = await talk(f.node, f.client, f.server.address, port, many);
  expect(said).toMatchObject(fine);
  await until('nothing is counted any more', () => f.counters('front').open === 0 && f.counters('back').open === 0);
  // about 100 of 800 are sampled, and 40 more or fewer are four times the spread of such a choice (9.4)
  const share = Number(f.counters('front').tcpBytes - before) / said.bytes;
  expect(share).toBeGreaterThan(0.6);
  expect(share).toBeLessThan(1.4);
});

test('connections to another node are sampled; those that stay open have their reason at once, and each counts for itself after a scan', async () => {
  const far = f.node.addPod(); // the datapath knows neither the pod nor its address
  await serve(f.node, far, port);
  const before = f.counters('front');
  const short = await talk(f.node, f.client, far.address, port, { connections: 800, messages: 1, maxBytes: 1000, pauseMs: 0 });
  expect(short).toMatchObject(fine);
  await until('nothing is counted any more', () => f.counters('front').open === 0);
  const after = f.counters('front');
  // each of 800 connections is sampled or counts as unfollowed; the spread is that of the test above
  expect(Number(after.tcpBytes - before.tcpBytes) / short.bytes).toBeGreaterThan(0.6);
  expect(Number(after.tcpBytes - before.tcpBytes) / short.bytes).toBeLessThan(1.4);
  if (scansAskForCallbacks) expect(Math.abs(Number(after.unfollowed - before.unfollowed) - 700)).toBeLessThan(40);
  else expect(after.unfollowed).toBe(0n);

  const talking = talk(f.node, f.client, far.address, port, { connections: 5, messages: 2, maxBytes: 1000, pauseMs: 1500 });
  await until('five connections that are open', () => f.node.openEnds(f.client) === 5);
  const states = (): unknown[] => [...(f.datapath.describe(f.client.netns) ?? [])].flat().map((end) => end.whole().state);
  expect(states()).toEqual(Array(5).fill('PeerElsewhere'));
  f.datapath.scan();
  expect(f.counters('front').reasons).toEqual(new Map([['PeerElsewhere', 5]]));
  expect(states()).toEqual(Array(5).fill('PeerElsewhere'));
  expect(await talking).toMatchObject(fine);
  await until('nothing is counted any more', () => f.counters('front').open === 0);
});

test('a stream without answers goes back to TCP and leaves the map; it joins again when it takes turns again', async () => {
  f.datapath.configure(settings);
  const server = script(f.node, f.server, 'stream.py', 'server', String(port));
  await server.lines.next();
  const client = script(f.node, f.client, 'stream.py', 'client', f.server.address, String(port));
  expect((await client.lines.next()).value).toBe('turned');
  await until(
    'the connection has left the SOCKHASH',
    () => f.counters('front').left + f.counters('back').left === 1n,
    () => f.datapath.snapshot(),
  );
  expect(f.datapath.snapshot().joinedSockets).toBe(0);
  expect(f.counters('front').reasons.get('OneWay')).toBe(1);
  const sent: unknown = (await client.lines.next()).value;
  expect((await server.lines.next()).value).toBe(sent);
  await joinedByScans('front', 1);
  await joinedByScans('back', 1);
  await client.stop();
  await server.stop();
});
