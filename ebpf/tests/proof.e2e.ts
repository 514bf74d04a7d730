// How many bytes at once the programs of a container are proven to read: a longer message goes over TCP until they were seen to read one. Needs root.
import { Fixture, settings, until } from './fixture';
import { script } from './traffic';

const port = 8100;
const body = 50_000;

let f: Fixture;
beforeEach(() => {
  f = new Fixture();
  f.datapath.configure({ ...settings, learn: true });
});
afterEach(() => f.remove());

async function talking(how: 'plain' | 'splice') {
  const server = script(f.node, f.server, 'long_message.py', 'server', String(port), how, String(body));
  expect((await server.lines.next()).value).toBe('ready');
  const client = script(f.node, f.client, 'long_message.py', 'client', f.server.address, String(port), String(body));
  const accelerated = (): Promise<void> =>
    until(
      'both ends are accelerated',
      () => f.datapath.scan().steps >= 0 && ['front', 'back'].every((each) => f.counters(each).accelerated === 1),
      () => f.datapath.snapshot(),
    );
  const sendBody = async (): Promise<void> => {
    client.say('body\n');
    expect((await client.lines.next()).value).toBe('served');
  };
  await accelerated();
  return { accelerated, sendBody };
}

test('a program that reads small messages plainly may splice the first long one, which goes over TCP', async () => {
  const { sendBody } = await talking('splice');
  await until('bytes are redirected', () => f.counters('front').fastBytes > 0n);
  const before = f.counters('front').fastBytes;
  await sendBody();
  await sendBody();
  expect(f.counters('front').fastBytes - before).toBeLessThan(BigInt(body));
  await until(
    'the reason is SplicingReader',
    () => f.datapath.scan().steps >= 0 && f.counters('front').reasons.get('SplicingReader') === 1,
    () => f.datapath.snapshot(),
  );
});

test('a long message is redirected once its reader was seen to read one as long', async () => {
  const { accelerated, sendBody } = await talking('plain');
  const before = f.counters('front').fastBytes;
  await sendBody();
  expect(f.counters('front').fastBytes - before).toBeLessThan(BigInt(body));
  expect(f.counters('front').passes.get('Unproven')).toBeGreaterThan(0n);
  await accelerated();
  const proven = f.counters('front').fastBytes;
  await sendBody();
  await sendBody(); // one of two may go over TCP to measure its timer
  expect(f.counters('front').fastBytes - proven).toBeGreaterThanOrEqual(BigInt(body));
});

// The first message after a second goes over TCP for conntrack, and so do the messages that come before it is read.
test('a reader that asks FIONREAD after a full read finds all messages that were sent behind one over TCP', async () => {
  const server = script(f.node, f.server, 'full_read.py', 'server', String(port));
  expect((await server.lines.next()).value).toBe('ready');
  const client = script(f.node, f.client, 'full_read.py', 'client', f.server.address, String(port));
  await until(
    'both ends are accelerated',
    () => f.datapath.scan().steps >= 0 && ['front', 'back'].every((each) => f.counters(each).accelerated === 1),
    () => f.datapath.snapshot(),
  );
  // on a busy machine the connection may leave between the two, and only a scan lets it join again
  await until(
    'bytes are redirected',
    () => f.datapath.scan().steps >= 0 && f.counters('front').fastBytes > 0n,
    () => f.datapath.snapshot(),
  );
  client.say('burst\n');
  expect((await client.lines.next()).value).toBe('served');
  expect(f.counters('front').passes.get('Order')).toBeGreaterThan(0n);
});
