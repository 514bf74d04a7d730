// No redirected byte reaches another connection that looks alike: with the same addresses, the same sequence numbers, or forged sequence
// numbers. On the real kernel, with CAP_NET_ADMIN in every pod. Needs root.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Fixture, selected, settings, until } from '../../../../ebpf/tests/fixture';
import { TestNode, type TestPod } from '../../../../ebpf/tests/pods';
import { answering, asking, awaiting, port, repairing, run, server } from './programs';

const turns = 200;

let f: Fixture;
let visits: NodeJS.Timeout | undefined;
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'isolation-'));
  f = new Fixture();
  f.datapath.configure({ ...settings, learn: true });
});

afterEach(async () => {
  clearInterval(visits);
  await f.remove();
  rmSync(folder, { recursive: true });
});

function visitFromNowOn(): void {
  visits = setInterval(() => f.datapath.scan(), 20);
}

function accelerated(namespace: string): number {
  return f.counters(namespace).accelerated;
}

const client = (word: string, from: string, to: string, count = turns): string => `${repairing}${asking(word, count)}
s=socket.socket();s.setsockopt(1,2,1);s.bind(('${from}',40000));s.connect(('${to}',${port}));print(*numbers(s))
print(ask(s))`;

describe('pods with the same addresses and ports', () => {
  test('over loopback: each pod gets its own bytes only, accelerated', async () => {
    const pods = Array.from({ length: 6 }, () => f.node.addPod());
    f.datapath.select(
      pods.map((pod, i) => selected(pod, `n${i}`)),
      [],
    );
    const servers = pods.map((pod, i) => run(f, pod, server(`pod${i}`, '127.0.0.1')));
    for (const said of servers) expect(await said()).toBe('ready');
    const clients = pods.map((pod, i) => run(f, pod, client(`pod${i}`, '127.0.0.1', '127.0.0.1')));
    await Promise.all(clients.map((said) => said()));
    visitFromNowOn();
    await until('all are accelerated', () => pods.every((_, i) => accelerated(`n${i}`) === 2));
    expect(await Promise.all(clients.map((said) => said()))).toEqual(pods.map(() => 'fine'));
    expect(await Promise.all(servers.map((said) => said()))).toEqual(pods.map(() => 'fine'));
  });

  test('in two networks: a connection is never paired with an end in the other network', async () => {
    await withIsland(async (there) => {
      const [saidHere, saidThere] = [run(f, f.server, server('here', f.server.address)), run(f, there.server, server('away', there.server.address))];
      expect([await saidHere(), await saidThere()]).toEqual(['ready', 'ready']);
      const clients = [
        run(f, f.client, client('here', f.client.address, f.server.address)),
        run(f, there.client, client('away', there.client.address, there.server.address)),
      ];
      await Promise.all(clients.map((said) => said()));
      visitFromNowOn();
      expect(await Promise.all(clients.map((said) => said()))).toEqual(['fine', 'fine']);
      expect(await Promise.all([saidHere(), saidThere()])).toEqual(['fine', 'fine']);
    });
  });

  test('with the same sequence numbers too, as after two restores of one checkpoint: each connection gets its own bytes only', async () => {
    const go = join(folder, 'go');
    await withIsland(async (there) => {
      const side = (word: string, own: TestPod, peer: TestPod, asks: boolean): (() => Promise<string>) =>
        run(f, own, repairing, asking(word, turns), answering(word), restored(own, peer, asks, go));
      const sides = [
        side('here', f.client, f.server, true),
        side('here', f.server, f.client, false),
        side('away', there.client, there.server, true),
        side('away', there.server, there.client, false),
      ];
      for (const said of sides) expect(await said()).toBe('ready');
      writeFileSync(go, '');
      visitFromNowOn();
      expect(await Promise.all(sides.map((said) => said()))).toEqual(['fine', 'fine', 'fine', 'fine']);
    });
  });
});

/** A program that makes one end of a connection that never had a handshake, and begins to talk when the file `go` exists. */
const restored = (own: TestPod, peer: TestPod, asks: boolean, go: string): string => `
own,peer,sent,received=('${own.address}',${asks ? 40000 : port}),('${peer.address}',${asks ? port : 40000}),${asks ? '7000,9000' : '9000,7000'}
s=made(own,peer,sent,received);print('ready')
${awaiting(go)}
finish(s,True);print(${asks ? 'ask' : 'answer'}(s))`;

/** Makes a client and a server in another network, with the same addresses as those of the fixture. */
async function withIsland(body: (there: { client: TestPod; server: TestPod }) => Promise<void>): Promise<void> {
  const island = new TestNode(`${process.pid.toString(36)}i`);
  try {
    const there = { client: island.addPod(), server: island.addPod() };
    const pods = [f.client, there.client, there.server, f.server]; // scanned in this order: the other network comes before the server of this one
    f.datapath.select(
      pods.map((pod, i) => selected(pod, `n${i}`)),
      [],
    );
    await body(there);
  } finally {
    await island.remove();
  }
}

describe('forged numbers', () => {
  test('a forged socket with the sequence numbers of a connection’s accepting end gets none of its bytes', async () => {
    const mallory = f.node.addPod();
    f.datapath.select([selected(f.client, 'front'), selected(mallory, 'mallory'), selected(f.server, 'back')], []);
    const served = run(f, f.server, server('safe', f.server.address));
    expect(await served()).toBe('ready');
    const go = join(folder, 'go');
    const asked = run(
      f,
      f.client,
      repairing,
      asking('safe', 20),
      `
s=socket.create_connection(('${f.server.address}',${port}));print(*numbers(s),s.getsockname()[1])
print(ask(s))`,
      awaiting(go),
      `print(ask(s))`,
    );
    const [sent, received, from] = (await asked()).split(' ').map(Number);
    expect(await asked()).toBe('fine');
    // The forged socket is 300 bytes ahead of the accepting end: when the client has sent as many bytes over TCP, both have the same numbers.
    const twin = run(
      f,
      mallory,
      repairing,
      `
s=made(('${mallory.address}',9000),('${f.client.address}',${from}),${received},${sent})
pretend_received(s,300);finish(s);s.setblocking(False);print(len(s.recv(9999)))
print(s.recv(9999) if readable(s,8) else 'nothing')`,
    );
    expect(await twin()).toBe('300');
    for (let visit = 0; visit < 5; visit++) f.datapath.scan();
    writeFileSync(go, '');
    expect(await asked()).toBe('fine');
    expect(await served()).toBe('fine');
    expect(await twin()).toBe('nothing');
  });
});
