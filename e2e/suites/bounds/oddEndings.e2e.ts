// Connections that end in unusual ways leave no entry in any map. On the real kernel; needs root.
import { Fixture, selected, settings } from '../../../ebpf/tests/fixture';
import { python } from '../../../ebpf/tests/traffic';
import { waitFor } from '../../stand/support/waitFor';
import { entriesHeld } from './held';

const port = 8000;
const times = 200;

let f: Fixture;
beforeEach(() => {
  f = new Fixture();
});
afterEach(() => f.remove());

const server = (body: string): string => `
import socket,struct,select,time
s=socket.socket();s.setsockopt(socket.SOL_SOCKET,socket.SO_REUSEADDR,1);s.bind(('0.0.0.0',${port}));s.listen(512)
def reset(c): c.setsockopt(socket.SOL_SOCKET,socket.SO_LINGER,struct.pack('ii',1,0));c.close()
def polled(c): c.setblocking(False);select.select([c],[],[],5);return c.recv(65536)
print('ready')
${body}`;

const client = (body: string): string => `
import socket,struct,select,time
def reset(c): c.setsockopt(socket.SOL_SOCKET,socket.SO_LINGER,struct.pack('ii',1,0));c.close()
def polled(c): c.setblocking(False);select.select([c],[],[],5);return c.recv(65536)
for n in range(${times}):
  c=socket.create_connection((HOST,${port}))
${body
  .split('\n')
  .map((line) => `  ${line}`)
  .join('\n')}
print('done')
time.sleep(600)`;

const accepts = `while True:\n  c,_=s.accept()\n`;
const endings: readonly (readonly [what: string, serve: string, drive: string])[] = [
  ['closed by the client before any byte', `${accepts}  polled(c);c.close()`, 'c.close()'],
  ['reset by the client before any byte', `${accepts}  c.close()`, 'reset(c)'],
  ['closed by the server before any byte', `${accepts}  c.close()`, 'polled(c);c.close()'],
  ['reset by the server before any byte', `${accepts}  reset(c)`, 'try: polled(c)\nexcept OSError: pass\nc.close()'],
  ['closed by the client with its first bytes', `${accepts}  polled(c);c.close()`, "c.send(b'x'*100);c.close()"],
  ['closed after an exchange', `${accepts}  c.send(polled(c));c.close()`, "c.send(b'x');polled(c);c.close()"],
  [
    'reset after an exchange',
    `${accepts}  c.send(polled(c));polled(c) if 0 else None;reset(c)`,
    "c.send(b'x')\ntry: polled(c)\nexcept OSError: pass\nreset(c)",
  ],
  [
    'closed with unread bytes',
    `${accepts}  c.send(polled(c));c.send(b'unread');time.sleep(.002);c.close()`,
    "c.send(b'x');polled(c);c.send(b'unread');c.close()",
  ],
  ['never accepted', 'time.sleep(600)', "c.send(b'x');c.close()\nif n==100: time.sleep(.1)"],
];

describe.each([
  ['joined when they open', false],
  ['while destinations are learnt', true],
] as const)('%s', (_, learn) => {
  test.each(endings)('connections %s leave no entry in any map', async (_what, serve, drive) => {
    f.datapath.configure({ ...settings, learn });
    const serving = python(f.node, f.server, server(serve));
    await serving.lines.next();
    const driving = python(f.node, f.client, client(drive).replace('HOST', `'${f.server.address}'`));
    expect((await driving.lines.next()).value).toBe('done');
    if (learn) f.datapath.scan();
    await driving.stop();
    await serving.stop();
    await nothingHeld();
  });
});

test('connections to a pod that is not selected leave no entry in any map, also when they end before their first answer', async () => {
  f.datapath.select([selected(f.client, 'front')], [f.server.address]);
  const serving = python(f.node, f.server, server(`${accepts}  polled(c);c.close()`));
  await serving.lines.next();
  const driving = python(f.node, f.client, client('c.close()').replace('HOST', `'${f.server.address}'`));
  await driving.lines.next();
  await driving.stop();
  await nothingHeld();
});

/** Ten connections that take turns while their destination is learnt. */
const turns = `cs=[socket.create_connection((HOST,${port})) for n in range(10)]
for c in cs:
  c.setblocking(False)
  for i in range(20): c.send(b'x'*100);select.select([c],[],[],5);c.recv(1000)
print('talked')
time.sleep(600)`;
const echoes = `cs=[]
while True:
  for c in select.select([s]+cs,[],[])[0]:
    if c is s: n,_=s.accept();n.setblocking(False);cs.append(n)
    else:
      d=c.recv(65536)
      if d: c.send(d)
      else: cs.remove(c);c.close()`;

test.each([1, 2, 3, 4].flatMap((visits) => ['client', 'server'].map((first) => [visits, first] as const)))(
  'connections that end after %i scans, at the %s first, leave no entry in any map',
  async (visits, first) => {
    f.datapath.configure({ ...settings, learn: true });
    const serving = python(f.node, f.server, server(echoes));
    await serving.lines.next();
    const driving = python(f.node, f.client, `import socket,select,time\n${turns}`.replace('HOST', `'${f.server.address}'`));
    await driving.lines.next();
    for (let n = 0; n < visits; n++) f.datapath.scan();
    for (const side of first === 'client' ? [driving, serving] : [serving, driving]) await side.stop();
    await nothingHeld();
  },
);

/** Expects that the datapath holds nothing, after a few seconds at most. */
async function nothingHeld(): Promise<void> {
  const held = async (): Promise<object> => ({ ...(await entriesHeld(f.pins)), joined: f.datapath.snapshot().joinedSockets });
  await waitFor('nothing to be held', async () => JSON.stringify(await held()) === '{"joined":0}', { timeoutMs: 5000 }).catch(() => undefined);
  expect(await held()).toEqual({ joined: 0 });
}
