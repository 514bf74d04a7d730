// Messages that no proper agent sends, made from a seed: changed, cut, doubled and mixed messages, and random bytes.
import { connectionWith } from '../../../operator/controller/live/live.testing';
import { abilities, type FromAgent, maxMessageBytes } from '../../../operator/protocol';
import { decodeFromAgent, encodeFromAgent } from '../../../operator/protocol/wire';
import { Random } from '../../stand/support/random';
import { namespaceReport } from '../../stand/api/testAgent';

/** Varints that are known to break decoders: 2^31, 2^32, 2^53, 2^63, 2^64 - 1, and one that never ends. */
const wickedVarints = ['8080808008', '8080808010', '8080808080808010', '80808080808080808001', 'ffffffffffffffffff01', 'ffffffffffffffffffffff'].map(
  (hex) => Buffer.from(hex, 'hex'),
);
const shortest = 64;

export interface FuzzFinding {
  /** The seed of the generator, and how many inputs were made before this one. */
  readonly seed: number;
  readonly input: number;
  readonly hex: string;
  readonly problem: string;
}

export interface FuzzResult {
  readonly inputs: number;
  readonly accepted: number;
  readonly slowestMs: number;
  /** How much heap and buffers have grown since the first tenth of the inputs. */
  readonly grownBytes: number;
  readonly findings: readonly FuzzFinding[];
}

/** Decodes this many inputs. @param collect runs the garbage collector; without it `grownBytes` means nothing */
export function fuzz(inputs: number, seed: number, collect: () => void = () => undefined): FuzzResult {
  const random = new Random(seed);
  const honest = honestMessages().map(encodeFromAgent);
  const findings: FuzzFinding[] = [];
  let [accepted, slowestMs, baseBytes] = [0, 0, 0];
  for (let input = 0; input < inputs; input += 1) {
    if (input === Math.floor(inputs / 10)) baseBytes = heldBytes(collect);
    const bytes = wicked(random, honest);
    const problem = harm(bytes, () => (accepted += 1));
    slowestMs = Math.max(slowestMs, timeOf(bytes, slowestMs));
    if (problem !== undefined && findings.length < 10) findings.push({ seed, input, hex: bytes.toString('hex').slice(0, 2000), problem });
  }
  return { inputs, accepted, slowestMs: Math.round(slowestMs), grownBytes: heldBytes(collect) - baseBytes, findings };
}

/** What is wrong with decoding these bytes; undefined when it works as promised. */
export function harm(bytes: Buffer, onAccepted: () => void = () => undefined): string | undefined {
  try {
    const incoming = decodeFromAgent(bytes);
    if (!incoming.ok) return incoming.problem.includes('\n') || incoming.problem.length > 2000 ? 'the reason is not one short line' : undefined;
    onAccepted();
    const again = decodeFromAgent(encodeFromAgent(incoming.value));
    return again.ok && JSON.stringify(again.value) === JSON.stringify(incoming.value)
      ? undefined
      : 'what was accepted is not the same when it is sent on';
  } catch (error) {
    return `decoding throws: ${String(error)}`;
  }
}

/** The milliseconds that decoding takes. An input that is slower than the slowest so far is measured again, in case the process had to wait. */
function timeOf(bytes: Buffer, slowestMs: number): number {
  let least = Number.POSITIVE_INFINITY;
  for (let again = 0; again < 3 && least > slowestMs; again += 1) {
    const began = performance.now();
    decodeFromAgent(bytes);
    least = Math.min(least, performance.now() - began);
  }
  return least;
}

function wicked(random: Random, honest: readonly Buffer[]): Buffer {
  if (random.next() < 0.1) return noise(random, Math.floor(random.between(0, 4 * shortest)));
  let bytes = random.of(honest);
  for (let changes = Math.ceil(random.between(0, 6)); changes > 0; changes -= 1) bytes = random.of(changesOf)(random, bytes, honest);
  return bytes.subarray(0, maxMessageBytes);
}

type Change = (random: Random, bytes: Buffer, honest: readonly Buffer[]) => Buffer;
const place = (random: Random, bytes: Buffer): number => Math.floor(random.between(0, bytes.length + 1));

const flip: Change = (random, bytes) => {
  const changed = Buffer.from(bytes);
  for (let bits = random.between(0, 8); bits > 0 && changed.length > 0; bits -= 1) {
    const at = Math.floor(random.between(0, changed.length));
    changed.writeUInt8((changed.readUInt8(at) ^ (1 << Math.floor(random.between(0, 8)))) & 0xff, at);
  }
  return changed;
};
const cut: Change = (random, bytes) => bytes.subarray(0, place(random, bytes));
const drop: Change = (random, bytes) => {
  const from = place(random, bytes);
  return Buffer.concat([bytes.subarray(0, from), bytes.subarray(from + Math.ceil(random.between(0, shortest)))]);
};
const insertedBy =
  (piece: (random: Random, bytes: Buffer, honest: readonly Buffer[]) => Buffer): Change =>
  (random, bytes, honest) => {
    const at = place(random, bytes);
    return Buffer.concat([bytes.subarray(0, at), piece(random, bytes, honest), bytes.subarray(at)]);
  };
const changesOf: readonly Change[] = [
  flip,
  cut,
  drop,
  insertedBy((random) => noise(random, Math.ceil(random.between(0, shortest)))),
  insertedBy((random) => random.of(wickedVarints)),
  insertedBy((_, bytes) => bytes),
  insertedBy((random, _, honest) => cut(random, random.of(honest), honest)),
];

function noise(random: Random, length: number): Buffer {
  return Buffer.from(Array.from({ length }, () => Math.floor(random.between(0, 256))));
}

function honestMessages(): FromAgent[] {
  const shop = namespaceReport('shop', {
    open: 10,
    accelerated: 8,
    reasons: [{ reason: 'PeerElsewhere', connections: 2 }],
    fastBytes: 2 ** 40,
    passes: [{ gate: 'order', messages: 3 }],
  });
  const report = {
    appliedOrder: 1_790_000_000_000,
    released: false,
    problems: [{ reason: 'NoBtf' as const, message: 'no BTF' }],
    namespaces: [shop],
    joinedSockets: 16,
    drainingSockets: 0,
    errors: 0,
  };
  const connection = connectionWith({ fastBytes: 2 ** 40 });
  return [
    { message: 'hello', hello: { agentVersion: '1.0.0', kernel: '6.18.0', architecture: 'x86_64', mapAbi: 1, ...abilities } },
    { message: 'renewal', renewal: { token: 'header.payload.signature'.repeat(40) } },
    { message: 'report', report },
    {
      message: 'watched',
      watched: {
        id: 3,
        pods: [{ namespace: 'shop', name: 'cart', open: 2, accelerated: 1, fastBytes: 2 ** 40, tcpBytes: 7, rttUs: 50 }],
        connections: [connection],
        events: [{ type: 'Opened', connection }],
        omitted: 0,
        problem: '',
        last: true,
      },
    },
    { message: 'report', report: { ...report, problems: [], namespaces: [] } },
    { message: 'report', report: { ...report, namespaces: Array.from({ length: 20 }, (_, index) => ({ ...shop, name: `namespace-${index}` })) } },
  ];
}

function heldBytes(collect: () => void): number {
  collect();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
