// The datapath outlives the process that made it, and is released without harm to a live connection. Needs root.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { tmpdir } from 'node:os';
import { DatapathRefused, openDatapath, releasePinned, switchOffPinned } from '../../operator/agent/datapath';
import { Fixture, object, selected, settings, until } from './fixture';
import { serve, talk, type Talk } from './traffic';

const port = 8000;
const fine = { wrongBytes: 0, errors: [] };
const longTalk: Talk = { connections: 8, messages: 3000, maxBytes: 20_000, pauseMs: 0 };

let f: Fixture;
beforeEach(() => {
  f = new Fixture();
});
afterEach(() => f.remove());

/**
 * The number of programs attached to the pods' cgroup, counted by their links: for the programs of a cgroup, bpftool asks old kernels for kinds that
 * they do not know, and fails.
 */
function attached(): number {
  const cgroup = statSync(f.node.cgroup).ino;
  return bpftool<{ type: string; cgroup_id?: number }[]>('link', 'show').filter((link) => link.type === 'cgroup' && link.cgroup_id === cgroup).length;
}

test('connections are joined also while no agent runs, and the next agent finds counters and selection', async () => {
  await serve(f.node, f.server, port);
  const talking = talk(f.node, f.client, f.server.address, port, longTalk);
  await until('bytes are redirected', () => f.counters('front').fastBytes > 0n);
  const before = f.counters('front').fastBytes;
  f.datapath.close();
  f.datapath = f.open();
  await until('more bytes are redirected', () => f.counters('front').fastBytes > before + 1_000_000n);
  expect(f.counters('front').accelerated).toBe(8);
  expect(f.counters('front').fastBytes).toBeGreaterThan(f.counters('front').tcpBytes);
  expect(attached()).toBe(2);
  expect(await talking).toMatchObject(fine);
});

test('a release under load leaves nothing pinned or attached; connections finish on TCP, and the programs go with the last of them', async () => {
  const stopServer = await serve(f.node, f.server, port);
  const talking = talk(f.node, f.client, f.server.address, port, longTalk);
  await until('bytes are redirected', () => f.counters('front').fastBytes > 0n);
  const map = pinnedMap('settings_map');
  expect(programsOf(map)).toContain('on_message');
  f.datapath.configure({ ...settings, mode: 'Off' });
  await until('no redirected byte is unread', () => f.datapath.snapshot().drainingSockets === 0);
  f.datapath.release();
  expect(existsSync(f.pins)).toBe(false);
  expect(attached()).toBe(0);
  expect(await talking).toMatchObject(fine);
  await stopServer();
  await until('the programs are gone', () => programsOf(map).length === 0);
  f.datapath = f.open(); // for the clean-up
});

function bpftool<T>(...words: string[]): T {
  return JSON.parse(execFileSync('bpftool', ['--json', ...words], { encoding: 'utf8' })) as T;
}

/** The kernel's id of a map of this datapath. */
function pinnedMap(name: string): number {
  const folder = readdirSync(f.pins).find((entry) => entry.startsWith('abi-')) ?? '';
  return bpftool<{ id: number }>('map', 'show', 'pinned', join(f.pins, folder, name)).id;
}

/** The names of the loaded programs that use a map. */
function programsOf(map: number): string[] {
  return bpftool<{ name?: string; map_ids?: number[] }[]>('prog', 'show')
    .filter(({ map_ids }) => map_ids?.includes(map))
    .map(({ name }) => name ?? '');
}

test('connections are joined without any feature that only some kernels have', async () => {
  f.datapath.release();
  f.datapath = f.open({ plain: true });
  f.trust(f.node.cgroup);
  f.datapath.configure(settings);
  f.datapath.select([selected(f.client, 'front'), selected(f.server, 'back')], []);
  await serve(f.node, f.server, port);
  expect(await talk(f.node, f.client, f.server.address, port)).toMatchObject(fine);
  expect(f.counters('front').fastBytes).toBeGreaterThan(f.counters('front').tcpBytes);
});

test('the next agent finishes a change of the selection that was interrupted', async () => {
  await serve(f.node, f.server, port);
  const talking = talk(f.node, f.client, f.server.address, port, longTalk);
  await until('bytes are redirected', () => f.counters('front').fastBytes > 0n);
  // as after an agent that was killed between its two writes: the pod is gone from the map, and the epoch is the old one
  const key = Buffer.from(Uint32Array.of(f.server.netns).buffer);
  execFileSync('bpftool', [
    'map',
    'delete',
    'pinned',
    join(f.pins, String(readdirSync(f.pins)[0]), 'pods'),
    'key',
    'hex',
    ...(key.toString('hex').match(/../g) ?? []),
  ]);
  f.datapath.close();
  f.datapath = f.open();
  f.datapath.select([selected(f.client, 'front')], []);
  const slow = f.counters('front').tcpBytes;
  await until('bytes go over TCP', () => f.counters('front').tcpBytes > slow + 100_000n);
  const left = f.counters('front').fastBytes;
  await until('more bytes go over TCP', () => f.counters('front').tcpBytes > slow + 1_000_000n);
  expect(f.counters('front').fastBytes).toBe(left);
  expect(await talking).toMatchObject(fine);
});

test('an agent finishes a release that was interrupted before it loads the datapath', () => {
  f.datapath.configure({ ...settings, mode: 'Off' });
  f.datapath.close();
  const folder = join(f.pins, String(readdirSync(f.pins)[0]));
  for (const name of ['sock_ops_link', 'usage', 'socket_states']) rmSync(join(folder, name));
  f.datapath = f.open();
  expect(attached()).toBe(2);
  expect(f.datapath.snapshot()).toEqual({
    namespaces: [],
    joinedSockets: 0,
    drainingSockets: 0,
    leavingSockets: 0,
    taken: { sockets: 0, ends: 0, unread: 0 },
    reached: [],
  });
});

test('the programs move to the cgroup that the pods have moved to', () => {
  const moved = join(f.node.cgroup, 'kubepods');
  mkdirSync(moved);
  try {
    f.datapath.close();
    f.datapath = openDatapath({ object, pins: f.pins, podCgroup: moved });
    expect(attached()).toBe(0);
    f.datapath.close();
    f.datapath = f.open();
    expect(attached()).toBe(2);
  } finally {
    rmdirSync(moved);
  }
});

test('a pinned datapath can be switched off and released without its object', async () => {
  await serve(f.node, f.server, port);
  const talking = talk(f.node, f.client, f.server.address, port, longTalk);
  await until('bytes are redirected', () => f.counters('front').fastBytes > 0n);
  switchOffPinned(f.pins);
  const left = f.counters('front').fastBytes;
  const slow = f.counters('front').tcpBytes;
  await until('bytes go over TCP', () => f.counters('front').tcpBytes > slow + 1_000_000n);
  expect(f.counters('front').fastBytes - left).toBeLessThan(20_000n * 8n); // messages that had passed the gate already
  f.datapath.close();
  releasePinned(f.pins);
  expect(existsSync(f.pins)).toBe(false);
  expect(attached()).toBe(0);
  expect(await talking).toMatchObject(fine);
  f.datapath = f.open(); // for the clean-up
});

test('a datapath of another map version is switched off, and unpinned when no connection needs it; its connections finish', async () => {
  await serve(f.node, f.server, port);
  const talking = talk(f.node, f.client, f.server.address, port, longTalk);
  await until('bytes are redirected', () => f.counters('front').fastBytes > 0n);
  f.datapath.close();
  const [folder] = readdirSync(f.pins);
  execFileSync('mv', [join(f.pins, String(folder)), join(f.pins, 'abi-99')]);
  f.datapath = f.open();
  const unpinned = (): boolean => {
    f.datapath.reclaim();
    return readdirSync(f.pins).length === 1;
  };
  await until('the other version is unpinned', unpinned, () => readdirSync(f.pins));
  expect(readdirSync(f.pins)).toEqual([folder]);
  expect(attached()).toBe(2);
  expect(await talking).toMatchObject(fine);
});

test('a pin directory with something of another owner in it is refused, and the error says what to do', () => {
  mkdirSync(join(f.pins, 'somebody'));
  expect(() => f.open()).toThrow(/somebody.*remove it: rm -r/);
  rmSync(join(f.pins, 'somebody'), { recursive: true, force: true });
});

test('a pin directory that is not on a BPF file system is refused', () => {
  const pins = join(tmpdir(), `sca-${process.pid}`);
  const refusal = (): unknown => openDatapath({ object, pins, podCgroup: f.node.cgroup });
  expect(refusal).toThrow(DatapathRefused);
  expect(refusal).toThrow(/not on a BPF file system; mount one/);
  expect(existsSync(pins)).toBe(false);
});

test('the node is left as it was when the kernel refuses the programs', () => {
  const broken = join(tmpdir(), `sca-${process.pid}.o`);
  const elf = readFileSync(object);
  const call = Buffer.from([0x85, 0, 0, 0, 137, 0, 0, 0]); // bpf_skc_to_tcp_sock, as in a kernel that lacks it
  let at = elf.indexOf(call);
  while (at >= 0) {
    elf.writeUInt32LE(99_999, at + 4);
    at = elf.indexOf(call, at + 8);
  }
  writeFileSync(broken, elf);
  const pins = `${f.pins}-broken`;
  try {
    expect(() => openDatapath({ object: broken, pins, podCgroup: f.node.cgroup })).toThrow(/the kernel refused them.*99999/);
    expect(existsSync(pins)).toBe(false);
    expect(attached()).toBe(2);
  } finally {
    rmSync(broken);
  }
});
