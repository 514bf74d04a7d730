// Readers that stop in the middle of a conversation: how many bytes the kernel takes from their senders, and how much memory these need.
import { z } from 'zod';
import { Fixture, selected, settings } from '../../../ebpf/tests/fixture';
import { Load } from '../../stand/memory/load';

export interface StallCase {
  readonly readers: number;
  /** The most bytes that a socket may hold, set by net.ipv4.tcp_rmem and tcp_wmem; the kernel's defaults unless given. */
  readonly socketBytes?: { readonly receive: number; readonly send: number };
  readonly spillBytes: number;
}

/** What the load program prints: sums over all readers, in bytes. */
const found = z.object({ bytes: z.number(), memoryBytes: z.number(), connections: z.number() });

export interface Stalled {
  /** Bytes that the kernel took from the senders before it took no more. */
  readonly taken: number;
  /** Growth of TCP's memory: net/ipv4/tcp_bpf.c charges redirected bytes there as well. */
  readonly memory: number;
  readonly fastBytes: number;
}

const messageBytes = 16_384;
/** After so many turns the datapath knows that the connection takes turns, and no message measures TCP’s timer any more (sixteen of the first 86 do). */
const turns = 96;
/** Far more than a socket and the spill bound hold: a sender from which the kernel takes so much was never blocked. */
const mostBytes = 64 << 20;
let port = 9000;

const mib = 2 ** 20;
/** A thousand readers have a sixteenth of the usual sizes: at full size they would take all the memory that a machine has for TCP. */
export const stallCases: readonly StallCase[] = [
  { readers: 1, spillBytes: mib },
  { readers: 32, spillBytes: mib },
  { readers: 1000, spillBytes: mib / 16, socketBytes: { receive: (6 * mib) / 16, send: (4 * mib) / 16 } },
];

/** Lets readers stall, on plain TCP or accelerated, and calls `beside` while they do. */
export async function stallReaders(
  f: Fixture,
  { readers, socketBytes, spillBytes }: StallCase,
  accelerated: boolean,
  beside?: () => Promise<void>,
): Promise<Stalled> {
  if (socketBytes !== undefined) {
    const { receive, send } = socketBytes;
    const limits = [`net.ipv4.tcp_rmem=4096 ${Math.min(131_072, receive)} ${receive}`, `net.ipv4.tcp_wmem=4096 16384 ${send}`];
    for (const pod of [f.client, f.server]) f.node.exec(pod, 'sysctl', '-qw', ...limits);
  }
  f.datapath.configure({ ...settings, mode: accelerated ? 'Accelerate' : 'Off', maxConnections: 10_000, spillBytes });
  f.datapath.select([selected(f.client, 'front'), selected(f.server, 'back')], []);
  const address = `${f.server.address}:${port++}`; // a destination that the datapath does not know yet
  const before = accelerated ? f.counters('front').fastBytes : 0n;
  const server = await Load.start(f.node, f.server, 'serve', address, messageBytes, turns, 'stall');
  try {
    const client = await Load.start(f.node, f.client, 'stall', address, readers, messageBytes, turns, mostBytes);
    try {
      const { bytes, memoryBytes } = found.parse(await client.slice(1));
      await beside?.();
      return { taken: bytes, memory: memoryBytes, fastBytes: accelerated ? Number(f.counters('front').fastBytes - before) : 0 };
    } finally {
      await client.stop();
    }
  } finally {
    await server.stop();
  }
}

export interface StallComparison {
  readonly readers: number;
  readonly spillBytes: number;
  readonly plain: Stalled;
  readonly accelerated: Stalled;
}

/** @param beside called while the readers stall on the fast path */
export async function compareStalls(f: Fixture, stall: StallCase, beside?: () => Promise<void>): Promise<StallComparison> {
  const plain = await stallReaders(f, stall, false);
  const accelerated = await stallReaders(f, stall, true, beside);
  return { readers: stall.readers, spillBytes: stall.spillBytes, plain, accelerated };
}

/** With fewer readers the growth of TCP's memory says nothing: the kernel reserves about 1 MiB for each CPU in advance (SK_MEMORY_PCPU_RESERVE). */
export const fewestForMemory = 32;

/** What is wrong, in words; empty when the bounds hold. */
export function stallVerdict({ readers, spillBytes, plain, accelerated }: StallComparison): string[] {
  const complaints = [
    [plain.taken >= readers * mostBytes, 'plain TCP never blocked: the comparison means nothing'],
    [accelerated.taken >= readers * mostBytes, 'the senders were never blocked'],
    [accelerated.fastBytes < 0.8 * readers * turns * messageBytes, `only ${accelerated.fastBytes} bytes were redirected: this proves nothing`],
    [
      accelerated.taken > plain.taken + 2 * readers * spillBytes,
      `the kernel took ${accelerated.taken} bytes from the senders, against ${plain.taken} on plain TCP`,
    ],
    [
      readers >= fewestForMemory && accelerated.memory > 2 * plain.memory,
      `memory is ${accelerated.memory} against ${plain.memory} bytes of plain TCP`,
    ],
  ] as const;
  return complaints.filter(([holds]) => holds).map(([, text]) => `${readers} stalled readers: ${text}`);
}
