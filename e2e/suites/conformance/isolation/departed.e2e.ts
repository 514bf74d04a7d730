// No redirected byte reaches a later connection that uses the same socket or the same memory as the connection it was sent on. On the
// real kernel. Needs root.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Fixture, selected, settings } from '../../../../ebpf/tests/fixture';
import { answering, asking, awaiting, port, repairing, run, server } from './programs';

let f: Fixture;
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'isolation-'));
  f = new Fixture();
  f.datapath.configure(settings);
});
afterEach(async () => {
  await f.remove();
  rmSync(folder, { recursive: true });
});

test('after a socket was disconnected and its reset was lost, bytes of the former peer do not reach its next connection', async () => {
  const later = f.node.addPod();
  f.datapath.select([selected(f.client, 'front'), selected(f.server, 'former'), selected(later, 'later')], []);
  f.node.iptables(f.client, '-A', 'OUTPUT', '-p', 'tcp', '--tcp-flags', 'RST', 'RST', '-j', 'DROP');
  const go = join(folder, 'go');
  const former = run(
    f,
    f.server,
    repairing,
    `
l=socket.create_server(('0.0.0.0',${port}));print('ready');c,_=l.accept();c.setblocking(False);c.setsockopt(6,1,1)
for i in range(20): readable(c,8);c.send(c.recv(999))
`,
    awaiting(go),
    `
sent=0
for i in range(20000):
  try: sent+=c.send(b'E')
  except BlockingIOError: time.sleep(.001)
print(sent)`,
  );
  expect(await former()).toBe('ready');
  const served = run(f, later, server('safe', later.address));
  expect(await served()).toBe('ready');
  const asked = run(
    f,
    f.client,
    repairing,
    asking('safe', 20),
    `
import ctypes
s=reach(socket.socket(),('${f.server.address}',${port}));print(ask(s))
assert ctypes.CDLL(None).connect(s.fileno(),bytes(16),16)==0
reach(s,('${later.address}',${port}));print(ask(s));open('${go}','w').close()
for i in range(30): print(ask(s))`,
  );
  for (let round = 0; round < 32; round++) expect(await asked()).toBe('fine');
  expect(Number(await former())).toBeGreaterThan(0);
  expect(await served()).toBe('fine');
  expect(f.counters('front').fastBytes).toBeGreaterThan(0n);
});

test('when the FIN and RST of a peer were lost, bytes for it reach none of the connections that use its memory again', async () => {
  const [third, fourth] = [f.node.addPod(), f.node.addPod()];
  f.datapath.select(
    [f.client, f.server, third, fourth].map((pod, i) => selected(pod, `n${i}`)),
    [],
  );
  f.node.iptables(f.server, '-A', 'OUTPUT', '-p', 'tcp', '--tcp-flags', 'FIN', 'FIN', '-j', 'DROP');
  f.node.iptables(f.server, '-A', 'OUTPUT', '-p', 'tcp', '--tcp-flags', 'RST', 'RST', '-j', 'DROP');
  const go = join(folder, 'go');
  const gone = run(
    f,
    f.server,
    repairing,
    `
l=socket.create_server(('0.0.0.0',${port}));print('ready');held=[l.accept()[0] for i in range(50)]
for c in held: c.setblocking(False);readable(c,8);c.send(c.recv(999))
for c in held: c.setsockopt(1,13,struct.pack('ii',1,0));c.close()
print('closed')
`,
    awaiting(go),
  );
  expect(await gone()).toBe('ready');
  const left = run(
    f,
    f.client,
    repairing,
    `
held=[reach(socket.socket(),('${f.server.address}',${port})) for i in range(50)]
for s in held: s.setblocking(False);s.send(b'E');readable(s,8);s.recv(9)
print('left')
while not os.path.exists('${go}'):
  for s in held:
    try: s.send(b'E')
    except OSError: pass
print('end')`,
  );
  expect(await left()).toBe('left');
  expect(await gone()).toBe('closed');
  const served = run(
    f,
    fourth,
    repairing,
    answering('safe'),
    `
l=socket.create_server(('0.0.0.0',${port}));print('ready')
while True: c,_=l.accept();answer(c);c.close()`,
  );
  expect(await served()).toBe('ready');
  const asked = run(
    f,
    third,
    repairing,
    asking('safe', 20),
    `
for i in range(60): s=reach(socket.socket(),('${fourth.address}',${port}));said=ask(s);s.close();print(said)`,
  );
  for (let i = 0; i < 60; i++) expect(await asked()).toBe('fine');
  writeFileSync(go, '');
  expect(await left()).toBe('end');
  expect(f.counters('n2').fastBytes).toBeGreaterThan(0n);
});
