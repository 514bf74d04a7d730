// What programs of one pod can do to the connections of another pod; on the running kernel. Needs root.
import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { Fixture, selected, settings, until } from './fixture';
import type { TestPod } from './pods';
import { script, serve, talk, type Talk } from './traffic';

const port = 8000;
const fine = { wrongBytes: 0, errors: [] };
const steady: Talk = { connections: 4, messages: 200, maxBytes: 2000, pauseMs: 1 };

let f: Fixture;
beforeEach(() => {
  f = new Fixture();
});
afterEach(() => f.remove());

/** Starts an echo server, and waits until it listens. */
async function echo(pod: TestPod): Promise<void> {
  const server = script(f.node, pod, 'neighbour.py', 'server', String(port));
  expect((await server.lines.next()).value).toBe('ready');
}

function rowsOf(map: string): number {
  const [folder = ''] = readdirSync(f.pins);
  return (JSON.parse(execFileSync('bpftool', ['-j', 'map', 'dump', 'pinned', join(f.pins, folder, map)], { encoding: 'utf8' })) as unknown[]).length;
}

test('a program that splices sockets which are in no SOCKHASH takes no rows from those that are', async () => {
  f.datapath.watchReaders(true);
  const program = script(f.node, f.client, 'neighbour.py', 'splice', '20000');
  expect((await program.lines.next()).value).toBe('spliced');
  expect(rowsOf('spliced')).toBe(0);
});

test('what lies where the file of a closed peer was teaches the datapath nothing about the peer’s container', async () => {
  await echo(f.server);
  const program = script(f.node, f.client, 'neighbour.py', 'closed', f.server.address, String(port), '5');
  expect((await program.lines.next()).value).toBe('sent');
  const before = f.counters('front').fastBytes;
  await serve(f.node, f.server, port + 1);
  expect(await talk(f.node, f.client, f.server.address, port + 1, steady)).toMatchObject(fine);
  expect(f.counters('front').fastBytes).toBeGreaterThan(before);
});

test('a pod that reads no answers uses up its own share of unread messages, and leaves the node’s to other pods', async () => {
  const [second, third, from, to] = [f.node.addPod(), f.node.addPod(), f.node.addPod(), f.node.addPod()];
  const limit = (unread: number) => ({ sockets: 4096, ends: 4096, unread });
  f.datapath.configure({ ...settings, bounds: { node: limit(2 << 20), pod: limit(1 << 20) } });
  f.datapath.select(
    [
      selected(f.client, 'front'),
      ...[f.server, second, third].map((pod) => selected(pod, 'back')),
      ...[from, to].map((pod) => selected(pod, 'shop')),
    ],
    [],
  );
  for (const pod of [f.server, second, third]) await echo(pod);
  const program = script(f.node, f.client, 'neighbour.py', 'unread', '20', f.server.address, second.address, third.address);
  expect((await program.lines.next()).value).toBe('asked');
  await until(
    'messages lie unread',
    () => (f.datapath.snapshot().taken?.unread ?? 0) > 1 << 19,
    () => f.datapath.snapshot(),
  );
  expect(f.datapath.snapshot().taken?.unread).toBeLessThanOrEqual((1 << 20) + (1 << 16));
  await serve(f.node, to, port);
  expect(await talk(f.node, from, to.address, port, steady)).toMatchObject(fine);
  expect(f.counters('shop').reasons.get('LimitReached')).toBeUndefined();
  expect(f.counters('shop').fastBytes).toBeGreaterThan(100_000n);
});
