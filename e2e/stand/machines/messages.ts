// What the guest tells the host while it runs: one JSON object a line.
import { z } from 'zod';

/** A row of the conformance suite, as its JSON file has it. */
export const rowSchema = z.object({
  case: z.string(),
  path: z.string(),
  family: z.string(),
  result: z.string(),
  reason: z.string().optional(),
});

export type ConformanceRow = z.infer<typeof rowSchema>;

/** Checksummed conversations through a loaded datapath; `paired` counts ends of connections. */
export const trafficSchema = z.object({
  way: z.enum(['when they open', 'by visits', 'after a warm-up']),
  family: z.enum(['IPv4', 'IPv6']),
  connections: z.int(),
  paired: z.int(),
  bytes: z.int(),
  fastBytes: z.int(),
  wrongBytes: z.int(),
  errors: z.array(z.string()),
});

export const messageSchema = z.discriminatedUnion('kind', [
  /** The guest is up; `release` is what `uname -r` says. */
  z.object({ kind: z.literal('hello'), release: z.string(), machine: z.string(), cpus: z.int() }),
  z.object({ kind: z.literal('step'), name: z.string() }),
  /** What the kernel itself can do, found by trying. */
  z.object({ kind: z.literal('probe'), name: z.string(), answer: z.string() }),
  /** What the verifier says to one program of the object, loaded alone. */
  z.object({ kind: z.literal('program'), name: z.string(), optional: z.boolean(), loads: z.boolean(), error: z.string(), log: z.string() }),
  /** The agent's own loader was refused; `log` is what the verifier said. */
  z.object({ kind: z.literal('refused'), error: z.string(), log: z.string() }),
  trafficSchema.extend({ kind: z.literal('traffic') }),
  z.object({ kind: z.literal('test'), file: z.string(), name: z.string(), passed: z.boolean(), seconds: z.number(), message: z.string() }),
  z.object({ kind: z.literal('row'), row: rowSchema }),
  /** A sign of life of a long step. */
  z.object({ kind: z.literal('progress'), line: z.string() }),
  /** Something of the conformance suite that is not as declared. */
  z.object({ kind: z.literal('complaint'), line: z.string() }),
  /** A step is over; `code` is how its program ended, 124 when its time was up. */
  z.object({ kind: z.literal('stepped'), name: z.string(), code: z.int() }),
  z.object({ kind: z.literal('done') }),
]);

export type Message = z.infer<typeof messageSchema>;

/** Messages out of a stream that comes in pieces. Throws where a line is none. */
export class MessageReader {
  private rest = '';

  *read(piece: string): Generator<Message> {
    const lines = (this.rest + piece).split('\n');
    this.rest = lines.pop() ?? '';
    for (const line of lines) yield messageSchema.parse(JSON.parse(line));
  }
}
