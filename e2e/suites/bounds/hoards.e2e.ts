// Unread messages on the fast path cost a node little more than on TCP, and all together no more than a bound. On the real kernel; needs root.
import { Fixture, selected, settings, until } from '../../../ebpf/tests/fixture';
import { python, serve, talk, type Program } from '../../../ebpf/tests/traffic';
import { boundsOfNode, boundsOfPod } from '../../../operator/api';
import { compareHoards, hoardCases, hoardInPods, hoardVerdict } from '../../stand/memory/hoards';
import { fivePods } from '../../stand/memory/inFixture';
import { unreclaimableSlab } from '../../stand/memory/slab';

const mib = 2 ** 20;
const port = 8000;
const node = boundsOfNode(65_536);
const pod = boundsOfPod(node);
/** More slab than the sockets themselves take, which is about 14 KiB for each connection (docs/bounds.md), and other programs on the machine. */
const sockets = (connections: number): number => connections * 20 * 1024 + 8 * mib;

let f: Fixture;
beforeEach(() => {
  f = new Fixture();
});
afterEach(() => f.remove());

/** The bytes that count as unread, after a reclaim as the agent makes it once a second. */
function unread(): number {
  f.datapath.reclaim();
  return f.datapath.snapshot().taken?.unread ?? Number.NaN;
}

test.each(hoardCases.map((each) => [each.messageBytes, each] as const))(
  'a stalled reader of messages of %i bytes costs at most twice the slab that it costs on TCP',
  async (_, each) => {
    expect(hoardVerdict(await compareHoards(f, each))).toEqual([]);
  },
);

test('the unread messages that one pod has sent cost no more memory than the limit of a pod, over any number of connections; once the programs have ended they cost nothing', async () => {
  const total = await hoardInPods(f, [f.client], unreclaimableSlab);
  expect(total.unread).toBeLessThanOrEqual(pod.unread);
  expect(total.unread).toBeGreaterThan(pod.unread / 2); // else this proves nothing
  expect(total.slab).toBeLessThan(pod.unread + sockets(total.connections));
  expect(total.unreadAfter).toBe(0);
});

test('the unread messages that all pods have sent cost no more memory than the limit of the node', async () => {
  const total = await hoardInPods(f, fivePods(f), unreclaimableSlab);
  expect(total.unread).toBeLessThanOrEqual(node.unread);
  expect(total.unread).toBeGreaterThan(node.unread / 2);
  expect(total.slab).toBeLessThan(node.unread + sockets(total.connections));
  expect(total.unreadAfter).toBe(0);
});

test('unread messages of a sender that has closed or reset its connection count until they are read', async () => {
  const small = { ...node, unread: 256 * 1024 };
  f.datapath.configure({ ...settings, bounds: { node: small, pod: small } });
  f.datapath.select([selected(f.client, 'front'), selected(f.server, 'back')], []);
  const source = `import socket,select,struct,sys
s=socket.create_server(('0.0.0.0',${port}));s.setblocking(True)
a=socket.socket();a.setblocking(False);a.connect_ex(('${f.client.address}',${port}));c,_=s.accept();c.setblocking(False)
def get(x): select.select([x],[],[]);return x.recv(1<<20)
for i in range(40): a.send(b'x');get(c);c.send(b'y');get(a)
for i in range(8): a.send(b'z'*8192)
a.setsockopt(socket.SOL_SOCKET,socket.SO_LINGER,struct.pack('ii',int(sys.stdin.readline()),0));a.close();print('closed')
sys.stdin.readline()
n=0
while n<65536: n+=len(get(c))
print(n)
sys.stdin.readline()`;
  for (const reset of [0, 1]) {
    const program = python(f.node, f.client, source);
    program.say(`${reset}\n`);
    expect((await program.lines.next()).value).toBe('closed');
    await until('the sending end is closed', () => f.counters('front').open <= 1 + (1 - reset));
    await until('the unread messages count', () => unread() >= 65_536, unread);
    program.say('\n');
    expect((await program.lines.next()).value).toBe('65536');
    await until('the lease is given back', () => unread() <= 2048, unread);
    await program.stop();
  }
});

/** Runs a program with both ends of a connection inside one pod: `c` is the accepting end, `a` the connecting end; both poll. */
const bothEnds = (f: Fixture, body: string): Program =>
  python(
    f.node,
    f.client,
    `import socket,select,sys,threading,time
s=socket.create_server(('0.0.0.0',${port}));s.setblocking(True)
def get(x): select.select([x],[],[]);return x.recv(1<<20)
def turns(n=40):
 for i in range(n): a.send(b'x');get(c);c.send(b'y');get(a)
a=socket.socket();a.setblocking(False);a.connect_ex(('${f.client.address}',${port}));c,_=s.accept();c.setblocking(False);turns()
${body}`,
  );

test('idle connections of a pod that is no longer selected give back the leases of their messages', async () => {
  const program = bothEnds(f, `for i in range(8): a.send(b'z'*8192)\nn=0\nwhile n<65536: n+=len(get(c))\nprint('read');sys.stdin.readline()`);
  expect((await program.lines.next()).value).toBe('read');
  expect(unread()).toBeGreaterThan(65_536);
  f.datapath.select([], []);
  await until('the lease is given back', () => unread() === 0, unread);
  await program.stop();
});

test('a connection on which two threads have sent holds a small lease again when only one of them sends', async () => {
  const program = bothEnds(f, `t=threading.Thread(target=turns);t.start();t.join();print('shared')\nwhile True: turns(1);time.sleep(0.002)`);
  expect((await program.lines.next()).value).toBe('shared');
  await until('the lease is large', () => unread() >= 32_768, unread);
  await until('the lease is small', () => unread() <= 16_384, unread);
  await program.stop();
});

test('connection ends beyond the limit of a pod stay on TCP, work and are reported; ends of other pods are followed', async () => {
  const few = { ...pod, ends: 4 };
  f.datapath.configure({ ...settings, bounds: { node, pod: few } });
  await serve(f.node, f.server, port);
  const talking = talk(f.node, f.client, f.server.address, port, { connections: 8, messages: 100, maxBytes: 2000, pauseMs: 20 });
  await until('the pod has as many ends as it may have', () => f.counters('front').open === 4);
  await until(
    'the limit is reported',
    () => f.datapath.snapshot().reached?.some((line) => line.includes('namespace front')) === true,
    () => f.datapath.snapshot().reached,
  );
  expect(await talking).toMatchObject({ wrongBytes: 0, errors: [], connections: 8 });
  expect(f.counters('front').unseen).toBe(4n);
  await until(
    'all ends are given back',
    () => f.datapath.snapshot().taken?.ends === 0,
    () => f.datapath.snapshot().taken,
  );
  f.datapath.configure(settings);
  expect(await talk(f.node, f.client, f.server.address, port)).toMatchObject({ wrongBytes: 0, errors: [] });
  expect(f.counters('front').fastBytes).toBeGreaterThan(0n);
});

test('one pod gets at most its limit of places in the SOCKHASH, so that pods that come later get places too', async () => {
  f.datapath.configure({ ...settings, bounds: { node, pod: { ...pod, sockets: 6 } } });
  await serve(f.node, f.client, port);
  const own = talk(f.node, f.client, f.client.address, port, { connections: 8, messages: 100, maxBytes: 2000, pauseMs: 20 });
  await until(
    'three of its connections are joined',
    () => f.counters('front').accelerated === 6 && (f.counters('front').reasons.get('LimitReached') ?? 0) > 0,
  );
  await serve(f.node, f.server, port);
  const others = talk(f.node, f.server, f.server.address, port, { connections: 2, messages: 100, maxBytes: 2000, pauseMs: 10 });
  await until('the other pod has joined its connections', () => f.counters('back').accelerated === 4);
  expect(await Promise.all([own, others])).toMatchObject([
    { wrongBytes: 0, errors: [] },
    { wrongBytes: 0, errors: [] },
  ]);
});
