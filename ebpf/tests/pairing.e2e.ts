// Which connections are joined when they open, and which never are; on the running kernel, between network namespaces. Needs root.
import { readFileSync } from 'node:fs';
import { Fixture, selected, settings, until } from './fixture';
import { script, serve, shortTalk, talk, type Talk } from './traffic';

const port = 8000;
const fine = { wrongBytes: 0, errors: [] };
/** Lasts long enough to be observed. */
const slowTalk: Talk = { connections: 4, messages: 100, maxBytes: 2000, pauseMs: 10 };

let f: Fixture;
/** Messages that went over TCP by another gate than Refresh. On an emulated processor, Refresh takes a third of all. */
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
])('a connection over %s is joined', async (_, host) => {
  await serve(f.node, f.server, port);
  expect(await talk(f.node, f.client, host(), port)).toMatchObject(fine);
  expect(strayMessages('front')).toBeLessThan(fewMessages);
  expect(f.counters('front').fastBytes).toBeGreaterThan(0n);
  expect(f.counters('back').fastBytes).toBeGreaterThan(0n);
});

test.each(['127.0.0.1', '::1'])('a connection inside a pod over %s is joined', async (host) => {
  await serve(f.node, f.server, port);
  expect(await talk(f.node, f.server, host, port)).toMatchObject(fine);
  expect(strayMessages('back')).toBeLessThan(fewMessages);
  expect(f.counters('back').fastBytes).toBeGreaterThan(0n);
});

/**
 * With these functions, openEuler's kernels tell programs the original destination of an IPv4 connection (net/core/filter.c, nf_conntrack_proto.c
 * there).
 */
const tellsOriginals = / (bpf_sk_original_addr|bpf_getorigdst_(opt|impl))\b/.test(readFileSync('/proc/kallsyms', 'utf8'));

test.each([
  ['IPv4', 'iptables-legacy', '10.111.0.77:9999', `127.0.0.1:${port}`, tellsOriginals ? 'helper' : 'rendezvous'],
  ['IPv6', 'ip6tables-legacy', '[fd11::77]:9999', `[::1]:${port}`, 'rendezvous'], // the helper knows only IPv4
])(
  'a connection over %s that a REDIRECT rule turned to the sidecar is joined, and its row has the original destination',
  async (_, tables, original, redirected, learnt) => {
    f.node.exec(f.server, tables, '-t', 'nat', '-A', 'OUTPUT', '-p', 'tcp', '--dport', '9999', '-j', 'REDIRECT', '--to-ports', String(port));
    await serve(f.node, f.server, port);
    const talking = talk(f.node, f.server, original.replace(/\[|\]|:9999$/g, ''), 9999, slowTalk);
    await until('four connections are in the original-destination map', () => [...f.datapath.connections(10)].length === 4);
    for (const row of f.datapath.connections(10)) {
      expect(row).toMatchObject({ namespace: 'back', path: 'PodLocal', original, redirected, learnt });
    }
    expect(await talking).toMatchObject(fine);
    await until('the map is empty again', () => [...f.datapath.connections(10)].length === 0);
  },
);

test('the row has the original destination of a client in another pod, where a rule of its own pod turned the connection to another port', async () => {
  const to = `${f.server.address}:${port}`;
  f.node.iptables(f.client, '-t', 'nat', '-A', 'OUTPUT', '-p', 'tcp', '--dport', '9999', '-j', 'DNAT', '--to-destination', to);
  await serve(f.node, f.server, port);
  const talking = talk(f.node, f.client, f.server.address, 9999, slowTalk);
  await until('four connections are in the original-destination map', () => [...f.datapath.connections(10)].length === 4);
  for (const row of f.datapath.connections(10)) {
    // a helper knows only the translations of the accepting pod
    expect(row).toMatchObject({ path: 'NodeLocal', original: `${f.server.address}:9999`, redirected: to, learnt: 'rendezvous' });
  }
  expect(await talking).toMatchObject(fine);
});

test('two connections from one source port are joined, although a rule turns both to one destination and translation gives the second another port', async () => {
  f.node.iptables(f.client, '-t', 'nat', '-A', 'OUTPUT', '-p', 'tcp', '--dport', '9999', '-j', 'REDIRECT', '--to-ports', String(port));
  await serve(f.node, f.client, port);
  const client = script(f.node, f.client, 'one_source_port.py', '10.111.0.77', '10.111.0.78');
  expect((await client.lines.next()).value).toBe('ok');
  expect(f.counters('front')).toMatchObject({ open: 4, accelerated: 4 });
  expect([...f.datapath.connections(10)].map(({ client: from }) => from.split(':')[1])).toEqual(['45678', '45678']);
});

test('a connection is counted once at each end, as accelerated while it is open and not at all when it is closed', async () => {
  await serve(f.node, f.server, port);
  const talking = talk(f.node, f.client, f.server.address, port, slowTalk);
  await until('both ends are open and accelerated', () => ['front', 'back'].every((n) => f.counters(n).accelerated === 4));
  expect(f.counters('front').open).toBe(4);
  expect(f.datapath.snapshot().joinedSockets).toBe(8);
  await talking;
  await until('nothing is open', () => ['front', 'back'].every((n) => f.counters(n).open === 0));
  expect(f.datapath.snapshot().joinedSockets).toBe(0);
});

test('a socket of a pod that is not selected never enters the SOCKHASH, and the other end has the reason PeerNotSelected', async () => {
  f.datapath.select([selected(f.client, 'front')], [f.server.address, f.server.address6]);
  await serve(f.node, f.server, port);
  const talking = talk(f.node, f.client, f.server.address, port, slowTalk);
  await until('the client end is counted', () => f.counters('front').reasons.get('PeerNotSelected') === 4);
  expect(f.datapath.snapshot().joinedSockets).toBe(0);
  expect(await talking).toMatchObject(fine);
  expect(f.counters('front').fastBytes).toBe(0n);
  expect(f.counters('front').tcpBytes).toBeGreaterThan(0n);
});

test('the reason is PeerElsewhere for an address that no pod of this node has', async () => {
  f.datapath.select([selected(f.client, 'front')], []);
  await serve(f.node, f.server, port);
  const talking = talk(f.node, f.client, f.server.address, port, slowTalk);
  await until('the client end is counted', () => f.counters('front').reasons.get('PeerElsewhere') === 4);
  await talking;
});

test('an end without a peer leaves the SOCKHASH at the first acknowledgement of its data', async () => {
  // the address of the server counts as selected and its network namespace does not, as with a pod that shares the address of another
  f.datapath.select([{ ...selected(f.client, 'front'), addresses: [f.client.address, f.server.address] }], []);
  await serve(f.node, f.server, port);
  const talking = talk(f.node, f.client, f.server.address, port, slowTalk);
  await until('all four have left', () => f.counters('front').reasons.get('PeerNotSelected') === 4);
  expect(f.datapath.snapshot().joinedSockets).toBe(0);
  expect(await talking).toMatchObject(fine);
});

test('a connection of a path that is not selected stays on TCP', async () => {
  f.datapath.configure({ ...settings, paths: ['PodLocal'] });
  await serve(f.node, f.server, port);
  const talking = talk(f.node, f.client, f.server.address, port, slowTalk);
  await until('the reason at both ends is PathNotSelected', () => ['front', 'back'].every((n) => f.counters(n).reasons.get('PathNotSelected') === 4));
  expect(await talking).toMatchObject(fine);
  expect(f.counters('front').fastBytes).toBe(0n);
});

test('a socket that was disconnected and connects again has its new connection joined', async () => {
  const server = script(f.node, f.server, 'reconnecting.py', 'server', String(port));
  await server.lines.next();
  const client = script(f.node, f.client, 'reconnecting.py', 'client', f.server.address, String(port));
  expect((await client.lines.next()).value).toBe('ok');
  expect(f.counters('front').passes.get('PeerGone') ?? 0n).toBe(0n);
  await until('the server has seen the end', () => f.counters('back').open === 0);
  expect(f.counters('front').open).toBeLessThanOrEqual(1);
});

test('a connection inside a pod is joined also where the loopback device has a small MTU', async () => {
  f.node.exec(f.server, 'ip', 'link', 'set', 'lo', 'mtu', '1500');
  await serve(f.node, f.server, port);
  expect(await talk(f.node, f.server, '127.0.0.1', port)).toMatchObject(fine);
  expect(f.counters('back').fastBytes).toBeGreaterThan(f.counters('back').tcpBytes);
});

test('no more connections are joined than allowed, and further ones work on TCP and are counted', async () => {
  f.datapath.configure({ ...settings, maxConnections: 3 });
  await serve(f.node, f.server, port);
  const talking = talk(f.node, f.client, f.server.address, port, { ...slowTalk, connections: 8 });
  await until('the limit is reached', () => (f.counters('front').reasons.get('LimitReached') ?? 0) > 0 && f.counters('front').open === 8);
  expect(f.datapath.snapshot().joinedSockets).toBeLessThanOrEqual(6);
  expect(await talking).toMatchObject(fine);
});

test('in mode Observe connections are counted, and no socket enters the SOCKHASH', async () => {
  f.datapath.configure({ ...settings, mode: 'Observe' });
  await serve(f.node, f.server, port);
  const talking = talk(f.node, f.client, f.server.address, port, slowTalk);
  await until('both ends are counted', () => ['front', 'back'].every((n) => f.counters(n).reasons.get('Observing') === 4));
  expect(f.datapath.snapshot().joinedSockets).toBe(0);
  expect(await talking).toMatchObject(fine);
  await until('the bytes are counted', () => f.counters('front').tcpBytes > 100_000n);
  expect(f.counters('front').fastBytes).toBe(0n);
});

test('a Multipath TCP connection is not joined', async () => {
  const server = script(f.node, f.server, 'multipath.py', 'server', String(port));
  expect((await server.lines.next()).value).toBe('ready');
  const client = script(f.node, f.client, 'multipath.py', 'client', f.server.address, String(port));
  await client.lines.next();
  expect((await server.lines.next()).value).toBe("b'hello'");
  expect(f.counters('front').fastBytes).toBe(0n);
  expect(f.datapath.snapshot().joinedSockets).toBe(0);
});
