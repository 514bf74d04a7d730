// Which connections are joined, and which never are; on the real kernel, between network namespaces. Needs root.
import { readFileSync } from 'node:fs';
import { Fixture, selected, settings, until } from './fixture';
import { python, serve, shortTalk, talk, type Talk } from './traffic';

const port = 8000;
const fine = { wrongBytes: 0, errors: [] };
/** Long enough to look at while it runs. */
const slowTalk: Talk = { connections: 4, messages: 100, maxBytes: 2000, pauseMs: 10 };

let f: Fixture;
/** Messages that went over TCP although nothing was refreshed by them; where a processor is emulated refreshing takes a third. */
function strayMessages(namespace: string): number {
  return [...f.counters(namespace).passes].reduce((sum, [gate, messages]) => (gate === 'Refresh' ? sum : sum + Number(messages)), 0);
}

const fewMessages = 0.05 * shortTalk.connections * shortTalk.messages;

beforeEach(() => {
  f = new Fixture();
});
afterEach(() => f.remove());

test.each([
  ['IPv4 between pods, accepted by a listener on [::]', (): string => f.server.address],
  ['IPv6 between pods', (): string => f.server.address6],
])('joins %s', async (_, host) => {
  await serve(f.node, f.server, port);
  expect(await talk(f.node, f.client, host(), port)).toMatchObject(fine);
  expect(strayMessages('front')).toBeLessThan(fewMessages);
  expect(f.counters('front').fastBytes).toBeGreaterThan(0n);
  expect(f.counters('back').fastBytes).toBeGreaterThan(0n);
});

test.each(['127.0.0.1', '::1'])('joins two sockets of one pod over %s', async (host) => {
  await serve(f.node, f.server, port);
  expect(await talk(f.node, f.server, host, port)).toMatchObject(fine);
  expect(strayMessages('back')).toBeLessThan(fewMessages);
  expect(f.counters('back').fastBytes).toBeGreaterThan(0n);
});

/** openEuler's kernels tell programs what IPv4 connections were asked for, by these (net/core/filter.c, nf_conntrack_proto.c there). */
const tellsOriginals = / (bpf_sk_original_addr|bpf_getorigdst_(opt|impl))\b/.test(readFileSync('/proc/kallsyms', 'utf8'));

test.each([
  ['IPv4', 'iptables-legacy', '10.111.0.77:9999', `127.0.0.1:${port}`, tellsOriginals ? 'helper' : 'rendezvous'],
  ['IPv6', 'ip6tables-legacy', '[fd11::77]:9999', `[::1]:${port}`, 'rendezvous'], // the helper knows IPv4 only
])('joins a connection over %s that a REDIRECT rule turned to the sidecar, and remembers what was asked for', async (_, tables, original, redirected, learnt) => {
  f.node.exec(f.server, tables, '-t', 'nat', '-A', 'OUTPUT', '-p', 'tcp', '--dport', '9999', '-j', 'REDIRECT', '--to-ports', String(port));
  await serve(f.node, f.server, port);
  const talking = talk(f.node, f.server, original.replace(/\[|\]|:9999$/g, ''), 9999, slowTalk);
  await until('four connections are in the original-destination map', () => [...f.datapath.connections(10)].length === 4);
  for (const row of f.datapath.connections(10)) {
    expect(row).toMatchObject({ namespace: 'back', path: 'PodLocal', original, redirected, learnt });
  }
  expect(await talking).toMatchObject(fine);
  await until('the map is empty again', () => [...f.datapath.connections(10)].length === 0);
});

test('remembers what a client in another pod connected to, where a rule of its own pod turned it to another port', async () => {
  const to = `${f.server.address}:${port}`;
  f.node.iptables(f.client, '-t', 'nat', '-A', 'OUTPUT', '-p', 'tcp', '--dport', '9999', '-j', 'DNAT', '--to-destination', to);
  await serve(f.node, f.server, port);
  const talking = talk(f.node, f.client, f.server.address, 9999, slowTalk);
  await until('four connections are in the original-destination map', () => [...f.datapath.connections(10)].length === 4);
  for (const row of f.datapath.connections(10)) {
    // a helper knows the translations of the accepting pod only
    expect(row).toMatchObject({ path: 'NodeLocal', original: `${f.server.address}:9999`, redirected: to, learnt: 'rendezvous' });
  }
  expect(await talking).toMatchObject(fine);
});

/** Connects twice from one source port, to two destinations, says how many bytes came back, and goes on holding both. */
const twiceFromOnePort = (first: string, second: string): string => `
import socket,select,time
held=[]
for address in ('${first}','${second}'):
  s=socket.socket();s.setsockopt(1,2,1);s.bind(('0.0.0.0',45678));s.setblocking(False);s.connect_ex((address,9999));select.select([],[s],[],5);held.append(s)
for s in held:
  for i in range(20): s.send(b'x'*100);select.select([s],[],[],5);assert len(s.recv(999))==100
print('ok');time.sleep(9)`;

test('joins two connections from one source port whose destinations a rule turns to one: translation gives the second another port', async () => {
  f.node.iptables(f.client, '-t', 'nat', '-A', 'OUTPUT', '-p', 'tcp', '--dport', '9999', '-j', 'REDIRECT', '--to-ports', String(port));
  await serve(f.node, f.client, port);
  const client = python(f.node, f.client, twiceFromOnePort('10.111.0.77', '10.111.0.78'));
  expect((await client.lines.next()).value).toBe('ok');
  expect(f.counters('front')).toMatchObject({ open: 4, accelerated: 4 });
  expect([...f.datapath.connections(10)].map(({ client: from }) => from.split(':')[1])).toEqual(['45678', '45678']);
});

test('counts a connection once at each end, accelerated while it is open and gone when it is closed', async () => {
  await serve(f.node, f.server, port);
  const talking = talk(f.node, f.client, f.server.address, port, slowTalk);
  await until('both ends are open and accelerated', () => ['front', 'back'].every((n) => f.counters(n).accelerated === 4));
  expect(f.counters('front').open).toBe(4);
  expect(f.datapath.snapshot().joinedSockets).toBe(8);
  await talking;
  await until('nothing is open', () => ['front', 'back'].every((n) => f.counters(n).open === 0));
  expect(f.datapath.snapshot().joinedSockets).toBe(0);
});

test('never puts a socket of a pod that is not selected into the map, and says so at the other end', async () => {
  f.datapath.select([selected(f.client, 'front')], [f.server.address, f.server.address6]);
  await serve(f.node, f.server, port);
  const talking = talk(f.node, f.client, f.server.address, port, slowTalk);
  await until('the client end is counted', () => f.counters('front').reasons.get('PeerNotSelected') === 4);
  expect(f.datapath.snapshot().joinedSockets).toBe(0);
  expect(await talking).toMatchObject(fine);
  expect(f.counters('front').fastBytes).toBe(0n);
  expect(f.counters('front').tcpBytes).toBeGreaterThan(0n);
});

test('says PeerElsewhere for an address that no pod of this node has', async () => {
  f.datapath.select([selected(f.client, 'front')], []);
  await serve(f.node, f.server, port);
  const talking = talk(f.node, f.client, f.server.address, port, slowTalk);
  await until('the client end is counted', () => f.counters('front').reasons.get('PeerElsewhere') === 4);
  await talking;
});

test('takes an end that found no peer out of the map with its first answer', async () => {
  // the server's address is said to be selected, its network namespace is not: as when it shares another pod's address
  f.datapath.select([{ ...selected(f.client, 'front'), addresses: [f.client.address, f.server.address] }], []);
  await serve(f.node, f.server, port);
  const talking = talk(f.node, f.client, f.server.address, port, slowTalk);
  await until('all four have left', () => f.counters('front').reasons.get('PeerNotSelected') === 4);
  expect(f.datapath.snapshot().joinedSockets).toBe(0);
  expect(await talking).toMatchObject(fine);
});

test('leaves connections of a path that is not wanted on TCP', async () => {
  f.datapath.configure({ ...settings, paths: ['PodLocal'] });
  await serve(f.node, f.server, port);
  const talking = talk(f.node, f.client, f.server.address, port, slowTalk);
  await until('both ends name the path', () => ['front', 'back'].every((n) => f.counters(n).reasons.get('PathNotSelected') === 4));
  expect(await talking).toMatchObject(fine);
  expect(f.counters('front').fastBytes).toBe(0n);
});

test('joins the connection of a socket that was connected before, disconnected and connects again', async () => {
  const server = python(f.node, f.server, `import socket,select\ns=socket.socket();s.setsockopt(1,2,1);s.bind(('0.0.0.0',${port}));s.listen(99);print('ready')\nwhile True:\n c,_=s.accept();c.setblocking(False)\n while True:\n  select.select([c],[],[])\n  try: d=c.recv(9999)\n  except ConnectionResetError: break # a disconnect is a reset\n  c.send(d)\n c.close()`);
  await server.lines.next();
  // AF_UNSPEC ends the connection and keeps the socket: connect(2)
  const client = python(f.node, f.client, `import ctypes,socket,select\nlibc=ctypes.CDLL(None)\ns=socket.socket();s.setblocking(True)\nfor i in range(20):\n s.setblocking(True);s.connect(('${f.server.address}',${port}));s.setblocking(False)\n for j in range(20):\n  m=bytes([i,j])*50;s.send(m);g=b''\n  while len(g)<100: select.select([s],[],[]);g+=s.recv(999)\n  assert g==m\n assert libc.connect(s.fileno(),bytes(16),16)==0\nprint('ok')`);
  expect((await client.lines.next()).value).toBe('ok');
  expect(f.counters('front').passes.get('PeerGone') ?? 0n).toBe(0n);
  await until('the server has seen the end', () => f.counters('back').open === 0);
  expect(f.counters('front').open).toBeLessThanOrEqual(1);
});

test('joins within a pod whose loopback device has a small MTU', async () => {
  f.node.exec(f.server, 'ip', 'link', 'set', 'lo', 'mtu', '1500');
  await serve(f.node, f.server, port);
  expect(await talk(f.node, f.server, '127.0.0.1', port)).toMatchObject(fine);
  expect(f.counters('back').fastBytes).toBeGreaterThan(f.counters('back').tcpBytes);
});

test('joins no more connections than allowed; further ones work on TCP and are counted', async () => {
  f.datapath.configure({ ...settings, maxConnections: 3 });
  await serve(f.node, f.server, port);
  const talking = talk(f.node, f.client, f.server.address, port, { ...slowTalk, connections: 8 });
  await until('the limit is reached', () => (f.counters('front').reasons.get('LimitReached') ?? 0) > 0 && f.counters('front').open === 8);
  expect(f.datapath.snapshot().joinedSockets).toBeLessThanOrEqual(6);
  expect(await talking).toMatchObject(fine);
});

test('counts without putting a socket into the map while it only observes', async () => {
  f.datapath.configure({ ...settings, mode: 'Observe' });
  await serve(f.node, f.server, port);
  const talking = talk(f.node, f.client, f.server.address, port, slowTalk);
  await until('both ends are counted', () => ['front', 'back'].every((n) => f.counters(n).reasons.get('Observing') === 4));
  expect(f.datapath.snapshot().joinedSockets).toBe(0);
  expect(await talking).toMatchObject(fine);
  await until('its bytes are counted', () => f.counters('front').tcpBytes > 100_000n);
  expect(f.counters('front').fastBytes).toBe(0n);
});

test('does not join a Multipath TCP connection', async () => {
  const mptcp = 262;
  const source = (body: string): string => `import socket,time\ns=socket.socket(socket.AF_INET,socket.SOCK_STREAM,${mptcp})\n${body}`;
  const server = python(f.node, f.server, source(`s.bind(('0.0.0.0',${port}));s.listen();print('ready');c,_=s.accept();c.setblocking(False);time.sleep(.3);print(c.recv(99))`));
  expect((await server.lines.next()).value).toBe('ready');
  const client = python(f.node, f.client, source(`s.connect(('${f.server.address}',${port}));s.send(b'hello');print('sent');time.sleep(1)`));
  await client.lines.next();
  expect((await server.lines.next()).value).toBe("b'hello'");
  expect(f.counters('front').fastBytes).toBe(0n);
  expect(f.datapath.snapshot().joinedSockets).toBe(0);
});
