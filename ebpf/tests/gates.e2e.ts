// When a message of a joined connection is redirected, and when it goes over TCP; on the running kernel. Needs root.
import { Fixture, selected, settings, until } from './fixture';
import { script, serve, talk } from './traffic';

const port = 8000;
const fine = { wrongBytes: 0, errors: [] };

let f: Fixture;
beforeEach(() => {
  f = new Fixture();
});
afterEach(() => f.remove());

/** Starts the server of a program in the server's pod; resolves to its output when it listens. */
async function startServer(program: string, ...words: readonly number[]): Promise<AsyncIterableIterator<string>> {
  const { lines } = script(f.node, f.server, program, 'server', String(port), ...words.map(String));
  await lines.next();
  return lines;
}

/** Starts the client of a program in the client's pod, and returns its output. */
function startClient(program: string, ...words: readonly number[]): AsyncIterableIterator<string> {
  return script(f.node, f.client, program, 'client', f.server.address, String(port), ...words.map(String)).lines;
}

test('a blocking socket never enters the SOCKHASH, and from the second connection on the reason names it', async () => {
  f.datapath.release(); // nothing is known of the containers
  f.datapath = f.open();
  f.datapath.configure(settings);
  f.datapath.select([selected(f.client, 'front'), selected(f.server, 'back')], []);
  const server = await startServer('blocking_reader.py');
  const client = startClient('blocking_reader.py');
  expect((await client.next()).value).toBe('ok');
  expect(f.counters('front').reasons.get('Learning')).toBe(1);
  expect((await client.next()).value).toBe('ok');
  expect(f.counters('front').reasons.get('BlockingReader')).toBe(1);
  expect(f.datapath.snapshot().joinedSockets).toBe(0);
  expect(f.counters('front').fastBytes + f.counters('back').fastBytes).toBe(0n);
  expect((await server.next()).value).toBe('end');
});

test('messages stay on TCP while earlier bytes are unread there, so that a late reader gets all bytes in order', async () => {
  // before the server accepts, messages go over TCP; those after it must not overtake them
  const server = await startServer('late_reader.py');
  const client = startClient('late_reader.py');
  await client.next();
  expect((await server.next()).value).toBe('True');
  expect(f.counters('front').passes.get('Order')).toBeGreaterThanOrEqual(1n);
});

test('behind a listener with TCP_DEFER_ACCEPT, all bytes come in order', async () => {
  const server = await startServer('deferred_accept.py');
  const client = startClient('deferred_accept.py');
  await client.next();
  expect((await server.next()).value).toBe('0');
});

test('a sender goes back to TCP when its reader stalls, and redirects again when the reader has caught up', async () => {
  const spillBytes = 256 * 1024;
  f.datapath.configure({ ...settings, spillBytes });
  const total = 40 * 32 * 1024; // fewer messages than make a stream
  const turn = 32 * 1024; // a reader that has caught up answers, and then so many bytes are sent in each turn
  const turns = 400;
  const server = await startServer('stalled_reader.py', total, turn);
  const client = startClient('stalled_reader.py', total, turn, turns);
  expect((await server.next()).value).toBe('reading');
  const stalled = Number((await client.next()).value);
  expect(stalled).toBeGreaterThan(spillBytes / 2);
  const before = f.counters('front').fastBytes;
  // where FIONREAD counts redirected bytes alone, the connection has left the SOCKHASH by then, and a scan adopts it again
  await until('bytes are redirected again', () => f.datapath.scan().steps >= 0 && f.counters('front').fastBytes > before + BigInt(32 * turn));
  expect((await server.next()).value).toBe((await client.next()).value);
  expect(f.counters('front').passes.get('Spill')).toBeGreaterThan(0n);
});

test('open connections obey Off and On at once, without a wrong byte', async () => {
  await serve(f.node, f.server, port);
  const talking = talk(f.node, f.client, f.server.address, port, { connections: 16, messages: 12_000, maxBytes: 20_000, pauseMs: 0 });
  await until('bytes are redirected', () => f.counters('front').fastBytes > 0n);
  for (let i = 0; i < 4; i++) {
    f.datapath.configure({ ...settings, mode: 'Off' });
    await until('no redirected byte is unread', () => f.datapath.snapshot().drainingSockets === 0);
    const before = f.counters('front').fastBytes;
    const slow = f.counters('front').tcpBytes;
    // scans count the bytes of sockets that are not in the SOCKHASH
    await until('bytes go over TCP', () => f.datapath.scan(undefined, false).steps >= 0 && f.counters('front').tcpBytes > slow + 100_000n);
    expect(f.counters('front').fastBytes - before).toBeLessThan(20_000n * 16n); // messages that had passed the gate already
    f.datapath.configure(settings);
    await until(
      'bytes are redirected again',
      () => f.datapath.scan().steps >= 0 && f.counters('front').fastBytes > before + 100_000n,
      () => f.datapath.snapshot(),
    );
  }
  expect(await talking).toMatchObject(fine);
});

test('connections of a pod that leaves the selection go back to TCP, and are joined again when it is selected again', async () => {
  await serve(f.node, f.server, port);
  const both = [selected(f.client, 'front'), selected(f.server, 'back')];
  const talking = talk(f.node, f.client, f.server.address, port, { connections: 4, messages: 20_000, maxBytes: 20_000, pauseMs: 0 });
  await until('bytes are redirected', () => f.counters('front').fastBytes > 0n);
  f.datapath.select([selected(f.client, 'front')], [f.server.address]);
  await until('the reason is PeerNotSelected', () => f.counters('front').reasons.get('PeerNotSelected') === 4);
  const left = f.counters('front').fastBytes;
  const slow = f.counters('front').tcpBytes;
  await until('bytes go over TCP', () => f.datapath.scan(undefined, false).steps >= 0 && f.counters('front').tcpBytes > slow + 100_000n);
  expect(f.counters('front').fastBytes).toBe(left);
  f.datapath.select(both, []);
  await until(
    'bytes are redirected again',
    () => f.datapath.scan().steps >= 0 && f.counters('front').fastBytes > left + 100_000n,
    () => f.datapath.snapshot(),
  );
  expect(await talking).toMatchObject(fine);
});
