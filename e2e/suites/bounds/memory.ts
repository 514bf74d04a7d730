// The memory that the kernel uses for a node, and for each joined connection.
import { readFileSync } from 'node:fs';
import { Fixture, selected, settings } from '../../../ebpf/tests/fixture';
import { parseBtf } from '../../../operator/agent/datapath/btf';
import { waitFor } from '../../stand/support/waitFor';
import { run } from '../../../release/tools/command';
import { mapMemory, type MapMemory } from './held';
import { Load } from '../../stand/memory/load';

export interface MemoryResult {
  /** Bytes by map when there is no connection: the fixed cost of a node. */
  readonly node: Readonly<Record<string, number>>;
  readonly connections: number;
  /** Bytes of a joined connection, for both ends together. */
  readonly connection: {
    /** Growth of all maps. */
    readonly maps: number;
    /** The storage of both sockets, as it is charged to them (sk_omem_alloc, which ss shows). */
    readonly storage: number;
    /** struct sk_psock and the link to the map, of both sockets: sizes from the kernel's BTF, rounded as by kmalloc. */
    readonly psock: number;
  };
}

const joined = 1000;
const address = (f: Fixture): string => `${f.server.address}:8000`;

export async function measureMemory(f: Fixture): Promise<MemoryResult> {
  f.datapath.configure({ ...settings, maxConnections: 10_000 });
  f.datapath.select([selected(f.client, 'front'), selected(f.server, 'back')], []);
  const before = await mapMemory(f.pins);
  const server = await Load.start(f.node, f.server, 'serve', address(f), 64, 4, 'stall');
  const client = await Load.start(f.node, f.client, 'stall', address(f), joined, 64, 4, 64);
  try {
    await waitFor('all to be joined', () => f.datapath.snapshot().joinedSockets === 2 * joined, { timeoutMs: 10_000 });
    const grown = sum(await mapMemory(f.pins)) - sum(before);
    const storage = (await optionMemory(f.client.name)) + (await optionMemory(f.server.name));
    const connection = {
      maps: Math.round(grown / joined),
      storage: Math.round(storage / joined),
      psock: 2 * (rounded(sizeOf('sk_psock')) + rounded(sizeOf('sk_psock_link'))),
    };
    return { node: Object.fromEntries(before.map(({ name, bytes_memlock: bytes }) => [name, bytes])), connections: joined, connection };
  } finally {
    await client.stop();
    await server.stop();
  }
}

function sum(maps: readonly MapMemory[]): number {
  return maps.reduce((total, { bytes_memlock: bytes }) => total + bytes, 0);
}

/** Bytes that are charged to the connected sockets of a pod for options and storage: `o` of ss's skmem. */
async function optionMemory(pod: string): Promise<number> {
  const shown = await run('ip', ['netns', 'exec', pod, 'ss', '-OHtnm', 'state', 'established']);
  return [...shown.matchAll(/skmem:\([^)]*\bo(\d+)/g)].reduce((total, [, bytes]) => total + Number(bytes), 0);
}

/** The size of a struct of the running kernel, in bytes. */
function sizeOf(name: string): number {
  const btf = parseBtf(readFileSync('/sys/kernel/btf/vmlinux'));
  const type = btf.types[btf.byName.get(name) ?? 0];
  if (type?.kind !== 'struct') throw new Error(`measure a connection: the kernel's BTF has no struct ${name}`);
  return type.size;
}

/** Rounds up to a size of kmalloc: a power of two, 96 or 192 (mm/slab_common.c). */
function rounded(bytes: number): number {
  const sizes = [8, 16, 32, 64, 96, 128, 192, 256, 512, 1024, 2048, 4096];
  return sizes.find((size) => size >= bytes) ?? bytes;
}
