// When a joined connection's message takes the fast path and when it does not; on the real kernel. Needs root.
import { Fixture, selected, settings, until } from './fixture';
import { python, serve, talk } from './traffic';

const port = 8000;
const fine = { wrongBytes: 0, errors: [] };

let f: Fixture;
beforeEach(() => {
  f = new Fixture();
});
afterEach(() => f.remove());

/** A Python server that listens, prints "ready" and runs `body` with the accepted connection `c`. */
async function pythonServer(body: string, options = ''): Promise<AsyncIterableIterator<string>> {
  const source = `import socket,time,select,hashlib\ns=socket.socket()\ns.setsockopt(socket.SOL_SOCKET,socket.SO_REUSEADDR,1)\n${options}\ns.bind(('0.0.0.0',${port}));s.listen(64);print('ready')\n${body}`;
  const { lines } = python(f.node, f.server, source);
  await lines.next();
  return lines;
}

/** A Python client that runs `body`, in which connect() opens a connection to the server without blocking, and get() waits for bytes. */
function pythonClient(body: string): AsyncIterableIterator<string> {
  const connect = `def connect():\n s=socket.socket();s.setblocking(False);s.connect_ex(('${f.server.address}',${port}));select.select([],[s],[]);return s`;
  const source = `import socket,time,select\n${connect}\ndef get(s,n): select.select([s],[],[]);return s.recv(n)\n${body}`;
  return python(f.node, f.client, source).lines;
}

test('never puts a blocking socket into the map, and names it from the second connection on', async () => {
  f.datapath.release(); // nothing is known of the containers
  f.datapath = f.open();
  f.datapath.configure(settings);
  f.datapath.select([selected(f.client, 'front'), selected(f.server, 'back')], []);
  const lines = await pythonServer(`for n in range(2):\n c,_=s.accept()\n while True:\n  d=c.recv(65536)\n  if not d: break\n  c.sendall(d)\nprint('end')`);
  const client = pythonClient(`for n in range(2):\n s=connect()\n for i in range(50):\n  s.send(b'x'*1000)\n  g=0\n  while g<1000: g+=len(get(s,65536))\n print('ok')\n time.sleep(1);s.close()`);
  expect((await client.next()).value).toBe('ok');
  expect(f.counters('front').reasons.get('Learning')).toBe(1);
  expect((await client.next()).value).toBe('ok');
  expect(f.counters('front').reasons.get('BlockingReader')).toBe(1);
  expect(f.datapath.snapshot().joinedSockets).toBe(0);
  expect(f.counters('front').fastBytes + f.counters('back').fastBytes).toBe(0n);
  expect((await lines.next()).value).toBe('end');
});

test('stays on TCP while earlier bytes are unread there, so that a late reader gets them in order', async () => {
  // nobody has accepted yet: the first bytes go over TCP; those after the accepting must not overtake them
  const word = `go=socket.create_server(('0.0.0.0',${port + 1}))`; // a connection to it says: go on
  const lines = await pythonServer(`go.accept()\nc,_=s.accept();c.setblocking(False);c.send(b'a')\ngo.accept()\ng=b''\nwhile len(g)<4000:\n select.select([c],[],[]); g+=c.recv(1500)\nprint(g==b''.join(bytes([i%256])*100 for i in range(40)))`, word);
  const go = `socket.create_connection(('${f.server.address}',${port + 1}))`;
  const client = pythonClient(`s=connect()\nfor i in range(20): s.send(bytes([i%256])*100)\n${go};get(s,1)\nfor i in range(20,40): s.send(bytes([i%256])*100)\n${go};print('sent');time.sleep(1)`);
  await client.next();
  expect((await lines.next()).value).toBe('True');
  expect(f.counters('front').passes.get('Order')).toBeGreaterThanOrEqual(1n);
});

test('reorders nothing behind a listener with TCP_DEFER_ACCEPT', async () => {
  const accept = `s.setsockopt(socket.IPPROTO_TCP,socket.TCP_DEFER_ACCEPT,5)`;
  const lines = await pythonServer(`bad=0\nfor n in range(300):\n c,_=s.accept();c.setblocking(False);g=b''\n while len(g)<30:\n  select.select([c],[],[]); g+=c.recv(100)\n bad+=g!=bytes(range(30));c.close()\nprint(bad)`, accept);
  const client = pythonClient(`for n in range(300):\n s=connect()\n for i in range(30): s.send(bytes([i]))\n get(s,1);s.close()\nprint('done')`);
  await client.next();
  expect((await lines.next()).value).toBe('0');
});

test('turns a sender back to TCP when its reader stalls, and to the fast path when it has caught up', async () => {
  const spillBytes = 256 * 1024;
  f.datapath.configure({ ...settings, spillBytes });
  const total = 40 * 32 * 1024; // fewer messages than make a stream
  const turn = 32 * 1024; // when the reader has caught up it answers, and more messages are sent in turns
  const turns = 400;
  const lines = await pythonServer(`c,_=s.accept();c.setblocking(False);time.sleep(1.5)\nprint('reading');h=hashlib.sha256();n=0\nwhile True:\n select.select([c],[],[]); d=c.recv(1<<20)\n if not d: break\n h.update(d);n+=len(d)\n if n>=${total} and (n-${total})%${turn}==0: c.send(b'k')\nprint(n,h.hexdigest())`);
  const client = pythonClient(`import hashlib,random\ns=connect()\nb=random.Random(7).randbytes(1<<20)\nh=hashlib.sha256();sent=0;stalled=0\nt=time.time()\nwhile sent<${total}:\n o=sent%len(b)\n _,w,_=select.select([],[s],[],1)\n try: n=s.send(b[o:o+32768])\n except BlockingIOError: n=0\n h.update(b[o:o+n]);sent+=n\n if time.time()-t<1: stalled=sent\nprint(stalled)\nfor i in range(${turns}+1):\n get(s,1)\n if i==${turns}: break\n time.sleep(0.005);m=b[:${turn}];h.update(m);sent+=len(m)\n while m: select.select([],[s],[]);m=m[s.send(m):]\ns.shutdown(socket.SHUT_WR)\nprint(sent,h.hexdigest());time.sleep(1)`);
  expect((await lines.next()).value).toBe('reading');
  const stalled = Number((await client.next()).value);
  expect(stalled).toBeGreaterThan(spillBytes / 2);
  const before = f.counters('front').fastBytes;
  // where FIONREAD counts redirected bytes alone it has left the map by then, and joins again by a visit
  await until('it is on the fast path again', () => f.datapath.scan().steps >= 0 && f.counters('front').fastBytes > before + BigInt(32 * turn));
  expect((await lines.next()).value).toBe((await client.next()).value);
  expect(f.counters('front').passes.get('Spill')).toBeGreaterThan(0n);
});

test('obeys Off and On at once on connections that are open, without a wrong byte', async () => {
  await serve(f.node, f.server, port);
  const talking = talk(f.node, f.client, f.server.address, port, { connections: 16, messages: 12_000, maxBytes: 20_000, pauseMs: 0 });
  await until('bytes are joined', () => f.counters('front').fastBytes > 0n);
  for (let i = 0; i < 4; i++) {
    f.datapath.configure({ ...settings, mode: 'Off' });
    await until('nothing is left to drain', () => f.datapath.snapshot().drainingSockets === 0);
    const before = f.counters('front').fastBytes;
    const slow = f.counters('front').tcpBytes;
    // outside of the map they are counted by visits
    await until('bytes go over TCP', () => f.datapath.scan(undefined, false).steps >= 0 && f.counters('front').tcpBytes > slow + 100_000n);
    expect(f.counters('front').fastBytes - before).toBeLessThan(20_000n * 16n); // what had passed the gate already
    f.datapath.configure(settings);
    await until('bytes are joined again', () => f.datapath.scan().steps >= 0 && f.counters('front').fastBytes > before + 100_000n, () => f.datapath.snapshot());
  }
  expect(await talking).toMatchObject(fine);
});

test('stops joining bytes of a pod that leaves the selection while it is connected, and starts again with it', async () => {
  await serve(f.node, f.server, port);
  const both = [selected(f.client, 'front'), selected(f.server, 'back')];
  const talking = talk(f.node, f.client, f.server.address, port, { connections: 4, messages: 20_000, maxBytes: 20_000, pauseMs: 0 });
  await until('bytes are joined', () => f.counters('front').fastBytes > 0n);
  f.datapath.select([selected(f.client, 'front')], [f.server.address]);
  await until('the reason is told', () => f.counters('front').reasons.get('PeerNotSelected') === 4);
  const left = f.counters('front').fastBytes;
  const slow = f.counters('front').tcpBytes;
  await until('bytes go over TCP', () => f.datapath.scan(undefined, false).steps >= 0 && f.counters('front').tcpBytes > slow + 100_000n);
  expect(f.counters('front').fastBytes).toBe(left);
  f.datapath.select(both, []);
  await until('bytes are joined again', () => f.datapath.scan().steps >= 0 && f.counters('front').fastBytes > left + 100_000n, () => f.datapath.snapshot());
  expect(await talking).toMatchObject(fine);
});
