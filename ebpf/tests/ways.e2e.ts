// Which connections are better off on TCP, and how open ones join and leave; on the real kernel. Needs root.
import { Fixture, settings, until } from './fixture';
import type { TestPod } from './pods';
import { python, serve, talk, type Talk } from './traffic';

const port = 8000;
const fine = { wrongBytes: 0, errors: [] };
const steady: Talk = { connections: 4, messages: 300, maxBytes: 2000, pauseMs: 10 };

let f: Fixture;
beforeEach(() => {
  f = new Fixture();
  f.datapath.configure({ ...settings, learn: true });
});
afterEach(() => f.remove());

/** Waits until connections are open that nothing has seen open. */
function openUnseen(pod: TestPod, ends: number): Promise<void> {
  return until(`${ends} ends are open`, () => f.node.openEnds(pod) === ends);
}

/** Visits until all of a namespace's open ends are accelerated. */
function joinedByVisits(namespace: string, ends: number): Promise<void> {
  return until(`${ends} ends of ${namespace} are accelerated`, () => {
    f.datapath.scan();
    return f.counters(namespace).accelerated === ends;
  });
}

test('connections to a new destination stay on TCP until a visit sees that they take turns', async () => {
  await serve(f.node, f.server, port);
  const talking = talk(f.node, f.client, f.server.address, port, steady);
  await until('both ends are learning', () => ['front', 'back'].every((n) => f.counters(n).reasons.get('Learning') === 4));
  expect(f.counters('front').fastBytes).toBe(0n);
  await joinedByVisits('front', 4);
  await joinedByVisits('back', 4);
  expect(f.counters('front')).toMatchObject({ adopted: 4, open: 4 });
  expect(f.datapath.snapshot().joinedSockets).toBe(8);
  expect([...f.datapath.connections(10)].map(({ original }) => original)).toEqual(Array(4).fill(`${f.server.address}:${port}`));
  expect(await talking).toMatchObject(fine);
  expect(f.counters('front').fastBytes).toBeGreaterThan(0n);
  await until('nothing is left', () => f.counters('front').open === 0 && f.counters('back').open === 0);
  expect(f.counters('front').adopted).toBe(0);
  expect(f.datapath.snapshot().joinedSockets).toBe(0);
});

test('the next connections to a destination that takes turns are joined when they open', async () => {
  await serve(f.node, f.server, port);
  const learning = talk(f.node, f.client, f.server.address, port, steady);
  await joinedByVisits('front', 4);
  expect(await learning).toMatchObject(fine);
  const talking = talk(f.node, f.client, f.server.address, port, steady);
  await until('they are accelerated', () => f.counters('front').accelerated === 4);
  expect(await talking).toMatchObject(fine);
});

test.each([['IPv4', (): string => f.server.address], ['IPv6', (): string => f.server.address6], ['loopback', (): string => '127.0.0.1']])(
  'connections that were open before anything was attached are adopted under load: %s', async (_, host) => {
    f.datapath.configure({ ...settings, mode: 'Off' });
    await serve(f.node, f.server, port);
    const [from, ends] = host() === '127.0.0.1' ? [f.server, 8] : [f.client, 4];
    const talking = talk(f.node, from, host(), port, { ...steady, messages: 600, pauseMs: 5 });
    await openUnseen(f.server, ends);
    expect(f.counters('back').open).toBe(0);
    f.datapath.configure({ ...settings, learn: true });
    await joinedByVisits('back', ends);
    expect(f.counters('back').adopted).toBeGreaterThanOrEqual(4);
    expect(await talking).toMatchObject(fine);
    expect(f.counters('back').fastBytes).toBeGreaterThan(0n);
    await until('nothing is left', () => f.counters('back').open === 0 && f.datapath.snapshot().joinedSockets === 0);
  });

test('ends that looked for their peers in vain are found when those look for them', async () => {
  f.datapath.configure({ ...settings, mode: 'Off' });
  await serve(f.node, f.server, port);
  const talking = talk(f.node, f.client, f.server.address, port, { ...steady, messages: 600, pauseMs: 5 });
  await openUnseen(f.server, 4);
  f.datapath.configure({ ...settings, learn: true });
  await until('the accepting ends have given up', () => {
    f.datapath.scan(new Set(['back']));
    return f.counters('back').reasons.get('PeerNotSelected') === 4;
  });
  await joinedByVisits('front', 4);
  await joinedByVisits('back', 4);
  expect(await talking).toMatchObject(fine);
  expect(f.counters('front').fastBytes).toBeGreaterThan(0n);
});

const one: Talk = { connections: 8, messages: 1, maxBytes: 1000, pauseMs: 0 };

test('connections of one request are not joined once the destination has shown what it is, and a visit tells the reason', async () => {
  await serve(f.node, f.server, port);
  for (let i = 0; i < 3; i++) expect(await talk(f.node, f.client, f.server.address, port, one)).toMatchObject(fine);
  const talking = talk(f.node, f.client, f.server.address, port, { ...one, connections: 4, messages: 2, pauseMs: 1500 });
  await until('they are named', () => {
    f.datapath.scan();
    return f.counters('front').reasons.get('ShortLived') === 4 && f.counters('back').open === 4;
  });
  expect(await talking).toMatchObject(fine);
  expect(f.counters('front').fastBytes).toBe(0n);
  await until('nothing is left', () => f.counters('front').open === 0 && f.counters('back').open === 0);
});

test('of short connections some are followed, and stand for all', async () => {
  await serve(f.node, f.server, port);
  for (let i = 0; i < 3; i++) expect(await talk(f.node, f.client, f.server.address, port, one)).toMatchObject(fine);
  const before = f.counters('front').tcpBytes;
  const many: Talk = { connections: 800, messages: 1, maxBytes: 1000, pauseMs: 0 };
  const said = await talk(f.node, f.client, f.server.address, port, many);
  expect(said).toMatchObject(fine);
  await until('nothing is left', () => f.counters('front').open === 0 && f.counters('back').open === 0);
  // 100 of 800 are followed, give or take 40: four times the spread of such a choice (9.4)
  const share = Number(f.counters('front').tcpBytes - before) / said.bytes;
  expect(share).toBeGreaterThan(0.6);
  expect(share).toBeLessThan(1.4);
});

/** Takes turns, then streams one way, then takes turns again; both sides check every byte. */
const streamer = (host: string): string => `
import socket,time,select
s=socket.socket();s.setblocking(False);s.connect_ex(('${host}',${port}));select.select([],[s],[]);s.setsockopt(6,1,1)
def turn(i):
  m=bytes([i%251])*100;s.send(m);g=b''
  while len(g)<100: select.select([s],[],[],5);g+=s.recv(999)
  assert g==m
for i in range(20): turn(i)
print('turned')
n=0
end=time.time()+20
while n<2000000 and time.time()<end:
  select.select([],[s],[],5)
  try: n+=s.send(b'S'*64)
  except BlockingIOError: pass
while True:
  select.select([],[s],[],5)
  try: s.send(b'E');break
  except BlockingIOError: pass
select.select([s],[],[],10);assert s.recv(9)==b'K'
print(n+1)
while True: turn(7);time.sleep(.01)`;

/** Answers turns with what it got; swallows a stream, and answers its end. */
const sink = `
import socket,select
s=socket.create_server(('0.0.0.0',${port}));print('ready')
c,_=s.accept();c.setblocking(False);streamed=0
while True:
  select.select([c],[],[],30)
  d=c.recv(1<<20)
  if not d: break
  if d[:1] not in (b'S',b'E'): c.send(d);continue
  streamed+=len(d);assert not d.strip(b'SE')
  if d[-1:]==b'E': print(streamed);c.send(b'K')`;

test('a stream without answers goes back to TCP and leaves the map; it joins again when it takes turns again', async () => {
  f.datapath.configure(settings);
  const server = python(f.node, f.server, sink);
  await server.lines.next();
  const client = python(f.node, f.client, streamer(f.server.address));
  expect((await client.lines.next()).value).toBe('turned');
  await until('it has left', () => f.counters('front').left + f.counters('back').left === 1n, () => f.datapath.snapshot());
  expect(f.datapath.snapshot().joinedSockets).toBe(0);
  expect(f.counters('front').reasons.get('OneWay')).toBe(1);
  const sent: unknown = (await client.lines.next()).value;
  expect((await server.lines.next()).value).toBe(sent);
  await joinedByVisits('front', 1);
  await joinedByVisits('back', 1);
  await client.stop();
  await server.stop();
});
