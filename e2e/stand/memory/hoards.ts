// Programs that send on their connections and read nothing: by how much the node's memory grows, in slab and in pages.
import { z } from 'zod';
import { Fixture, selected, settings } from '../../../ebpf/tests/fixture';
import type { TestPod } from '../../../ebpf/tests/pods';
import { spillBytesRange } from '../../../operator/api';
import { Load } from './load';

export interface HoardCase {
  readonly connections: number;
  readonly messageBytes: number;
  /** After so many messages the other end sends one byte, so that the two take turns; 0: never. */
  readonly answerEvery: number;
  /** Bytes to send on each connection; unless given, until the kernel takes no more. */
  readonly mostBytes?: number;
  /** Bytes to send on another connection after each message, where they are read at once; none unless given. */
  readonly besideBytes?: number;
}

const found = z.object({
  bytes: z.number(),
  messages: z.number(),
  memoryBytes: z.number(),
  slabBytes: z.number(),
  pageBytes: z.number(),
  connections: z.number(),
});

export interface Hoarded {
  readonly bytes: number;
  readonly messages: number;
  /** Growth of TCP's memory: net/ipv4/tcp_bpf.c charges the bytes of redirected messages there as well. */
  readonly memory: number;
  /** Growth of the slabs that the kernel cannot reclaim. */
  readonly slab: number;
  /** Growth of the pages that hold messages. */
  readonly pages: number;
  readonly fastBytes: number;
}

/** More bytes than the two sockets of a connection hold. For small messages it is less, because TCP goes on putting them together. */
const mostOf = (messageBytes: number): number => Math.min(16 << 20, 250_000 * messageBytes);
let port = 9500;

/** Starts a program that takes turns on its connections; Load.slice() then fills them. */
async function begin(
  f: Fixture,
  pod: TestPod,
  { connections, messageBytes, answerEvery, mostBytes = mostOf(messageBytes), besideBytes = 0 }: HoardCase,
): Promise<Load> {
  return Load.start(f.node, pod, 'hoard', `${pod.address}:${port++}`, connections, messageBytes, answerEvery, mostBytes, besideBytes);
}

const filled = async (load: Load): Promise<Omit<Hoarded, 'fastBytes'>> => {
  const { bytes, messages, memoryBytes, slabBytes, pageBytes } = found.parse(await load.slice(1));
  return { bytes, messages, memory: memoryBytes, slab: slabBytes, pages: pageBytes };
};

/** @param beside called while all messages are unread */
export async function hoard(f: Fixture, hoardCase: HoardCase, accelerated: boolean, beside?: () => void): Promise<Hoarded> {
  f.datapath.configure({ ...settings, mode: accelerated ? 'Accelerate' : 'Off', maxConnections: 65_536, spillBytes: spillBytesRange.default });
  f.datapath.select([selected(f.client, 'front')], []);
  const load = await begin(f, f.client, hoardCase);
  try {
    const before = accelerated ? f.counters('front').fastBytes : 0n;
    const taken = await filled(load);
    beside?.();
    return { ...taken, fastBytes: accelerated ? Number(f.counters('front').fastBytes - before) : 0 };
  } finally {
    await load.stop();
  }
}

export interface HoardComparison extends HoardCase {
  readonly plain: Hoarded;
  readonly accelerated: Hoarded;
}

export const hoardCases: readonly HoardCase[] = [
  { connections: 8, messageBytes: 1, answerEvery: 60 },
  { connections: 32, messageBytes: 64, answerEvery: 0 },
  { connections: 32, messageBytes: 1024, answerEvery: 0 },
  { connections: 32, messageBytes: 65_536, answerEvery: 0 },
];

export async function compareHoards(f: Fixture, hoardCase: HoardCase): Promise<HoardComparison> {
  const plain = await hoard(f, hoardCase, false);
  return { ...hoardCase, plain, accelerated: await hoard(f, hoardCase, true) };
}

/** Bytes by which the slabs of a machine change because of other programs. */
export const noise = 1 << 20;

export function hoardVerdict({ connections, messageBytes, plain, accelerated }: HoardComparison): string[] {
  const complaints = [
    [accelerated.fastBytes === 0, 'nothing was redirected: this proves nothing'],
    [accelerated.slab > 2 * plain.slab + noise, `slab grew by ${accelerated.slab} against ${plain.slab} bytes of plain TCP`],
    [accelerated.memory > 2 * plain.memory + noise, `TCP's memory grew by ${accelerated.memory} against ${plain.memory} bytes of plain TCP`],
  ] as const;
  return complaints.filter(([holds]) => holds).map(([, text]) => `${connections} stalled readers of messages of ${messageBytes} bytes: ${text}`);
}

export interface HoardTotal {
  readonly pods: number;
  readonly connections: number;
  /** Growth of slabs while the messages are unread. */
  readonly slab: number;
  /** The part of `slab` by which it grew while the connections were filled: the messages without the sockets. */
  readonly slabOfMessages: number;
  readonly messages: number;
  readonly unread: number;
  /** Growth of slabs when the programs have ended. */
  readonly slabAfter: number;
  readonly unreadAfter: number;
}

/** Messages of 64 bytes on many connections, on each a few less than may lie unread at one socket (96). */
const small: HoardCase = { connections: 1000, messageBytes: 64, answerEvery: 0, mostBytes: 90 * 64 };

/** Fills a thousand connections in each of some pods, one pod after the other. */
export async function hoardInPods(f: Fixture, pods: readonly TestPod[], slabNow: () => number, accelerated = true): Promise<HoardTotal> {
  f.datapath.configure({ ...settings, mode: accelerated ? 'Accelerate' : 'Off', maxConnections: 65_536, spillBytes: spillBytesRange.default });
  f.datapath.select(
    pods.map((pod) => selected(pod, 'front')),
    [],
  );
  const loads: Load[] = [];
  const unread = (): number => f.datapath.snapshot().taken?.unread ?? Number.NaN;
  const before = slabNow();
  let [slabOfMessages, messages] = [0, 0];
  try {
    for (const pod of pods) {
      const load = await begin(f, pod, small);
      loads.push(load);
      const taken = await filled(load);
      slabOfMessages += taken.slab;
      messages += taken.messages;
    }
    const total = { slab: slabNow() - before, slabOfMessages, messages, unread: unread() };
    await Promise.all(loads.map((load) => load.stop()));
    await freed(() => unread() === 0);
    return { pods: pods.length, connections: pods.length * small.connections, ...total, slabAfter: slabNow() - before, unreadAfter: unread() };
  } finally {
    await Promise.all(loads.map((load) => load.stop()));
  }
}

async function freed(done: () => boolean): Promise<void> {
  for (let n = 0; n < 50 && !done(); n++) await new Promise((resolve) => setTimeout(resolve, 100));
}
