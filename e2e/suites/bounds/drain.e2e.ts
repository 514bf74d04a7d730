// When the product is switched off, removed or replaced by another map version while a connection has unread redirected bytes, the connection
// goes on undisturbed, and the agent reports that it still waits. The real agent on the real kernel; needs root.
import { mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { python } from '../../../ebpf/tests/traffic';
import { withAgent } from '../../stand/agent/agentOn';
import type { Ground } from '../../stand/agent/ground';
import type { Keeper } from '../../stand/agent/keeper';
import { pinFolders } from '../../stand/agent/leftovers';
import { waitFor } from '../../stand/support/waitFor';

const port = 8000;
const minutes = 60_000;
/** Messages that are left unread: fewer than make a one-way stream. */
const held = 40;

const common = `import socket,select,hashlib,os,time
def take(s,n):
  g=b''
  while len(g)<n: select.select([s],[],[]);g+=s.recv(n-len(g))
  return g
`;
/** A program that echoes until a message says stop, and then reads nothing until the file \`go\` exists. */
const reader = (go: string): string => `${common}
l=socket.socket();l.setsockopt(socket.SOL_SOCKET,socket.SO_REUSEADDR,1);l.bind(('0.0.0.0',${port}));l.listen(1);print('ready')
c,_=l.accept();c.setblocking(False)
while True:
  m=take(c,100);c.send(m)
  if m[:1]==b's': break
while not os.path.exists('${go}'): time.sleep(.01)
c.send(hashlib.sha256(take(c,${held * 100})).digest())
for i in range(50): c.send(take(c,100))`;
/** A program that takes turns until the file \`hold\` exists, then sends the messages that stay unread, and takes turns again when they have been read. */
const writer = (host: string, hold: string): string => `${common}
s=socket.create_connection(('${host}',${port}));s.setblocking(False)
while not os.path.exists('${hold}'): s.send(b't'*100);take(s,100)
s.send(b's'*100);take(s,100)
b=os.urandom(${held * 100})
for i in range(${held}): s.send(b[100*i:100*i+100])
print('held')
print('read' if take(s,32)==hashlib.sha256(b).digest() else 'wrong')
ok=True
for i in range(50):
  m=os.urandom(100);s.send(m);ok=ok and take(s,100)==m
print('fine' if ok else 'wrong');time.sleep(600)`;

interface Held {
  readonly ground: Ground;
  readonly keeper: Keeper;
  /** Lets the reader read; resolves when the bytes were right and the turns after them too. */
  finish(): Promise<void>;
}

/** Runs `work` while the reader of a connection between two pods has redirected bytes unread. */
function withHeldBytes(work: (held: Held) => Promise<void>): Promise<void> {
  return withAgent(async (ground, keeper) => {
    const directory = mkdtempSync(join(tmpdir(), 'sca-drain-'));
    const [hold, go] = ['hold', 'go'].map((name) => join(directory, name)) as [string, string];
    const { client, server } = ground;
    const reading = python(server.node, server.pod, reader(go));
    await reading.lines.next();
    const writing = python(client.node, client.pod, writer(server.pod.address, hold));
    try {
      const accelerated = (): boolean => (keeper.report?.namespaces ?? []).filter((each) => each.accelerated === 1).length === 2;
      await waitFor('the connection to be joined', accelerated, { everyMs: 50 });
      writeFileSync(hold, '');
      expect((await writing.lines.next()).value).toBe('held');
      await work({
        ground,
        keeper,
        finish: async () => {
          writeFileSync(go, '');
          expect((await writing.lines.next()).value).toBe('read');
          expect((await writing.lines.next()).value).toBe('fine');
        },
      });
    } finally {
      await writing.stop();
      await reading.stop();
      rmSync(directory, { recursive: true });
    }
  });
}

const waits = (keeper: Keeper): Promise<unknown> =>
  waitFor(
    'the agent to report that it waits',
    () => keeper.report?.drainingSockets === 1 && keeper.report.namespaces.find(({ name }) => name === 'back')?.draining === 1,
  );

test(
  'when the mode becomes Off, the agent reports the namespace with unread bytes until they are read',
  () =>
    withHeldBytes(async ({ keeper, finish }) => {
      await keeper.order({ mode: 'Off' });
      await waits(keeper);
      await finish();
      await waitFor('the drain to end', () => keeper.report?.drainingSockets === 0);
    }),
  4 * minutes,
);

test(
  'a removal waits until unread bytes are read, then leaves nothing; the connection goes on',
  () =>
    withHeldBytes(async ({ ground, keeper, finish }) => {
      keeper.send({ remove: true });
      await waits(keeper);
      expect(keeper.report?.released).toBe(false);
      await finish();
      await waitFor('the release', () => keeper.report?.released === true && keeper.report.drainingSockets === 0);
      expect(pinFolders(ground.pins)).toEqual([]);
    }),
  4 * minutes,
);

test(
  'an agent with another map version takes over the node; unread bytes of the former datapath are read',
  () =>
    withHeldBytes(async ({ ground, keeper, finish }) => {
      const folders = readdirSync(ground.pins);
      await keeper.end('SIGTERM');
      renameSync(join(ground.pins, String(folders[0])), join(ground.pins, 'abi-99'));
      await keeper.start();
      await finish();
      await waitFor('the former datapath to be removed', () => readdirSync(ground.pins).join() === folders.join());
    }),
  4 * minutes,
);

test(
  'an agent that is killed and started again finds the connection joined, and its bytes are read',
  () =>
    withHeldBytes(async ({ keeper, finish }) => {
      await keeper.end('SIGKILL');
      await keeper.start();
      await waitFor('the connection to be reported', () => keeper.report?.joinedSockets === 2);
      await finish();
    }),
  4 * minutes,
);
