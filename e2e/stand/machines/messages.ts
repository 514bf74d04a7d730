// The messages from guest to host: one JSON object on each line.
import { z } from 'zod';

/** A row of the conformance suite, as in its JSON file. */
export const rowSchema = z.object({
  case: z.string(),
  path: z.string(),
  family: z.string(),
  result: z.string(),
  reason: z.string().optional(),
});

export type ConformanceRow = z.infer<typeof rowSchema>;

/** The result of checksummed traffic through a loaded datapath; `paired` counts connection ends. */
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
  /** The guest has booted; `release` is the output of `uname -r`. */
  z.object({ kind: z.literal('hello'), release: z.string(), machine: z.string(), cpus: z.int() }),
  z.object({ kind: z.literal('step'), name: z.string() }),
  /** A feature of the kernel that the guest has tried, and the result. */
  z.object({ kind: z.literal('probe'), name: z.string(), answer: z.string() }),
  /** Whether the verifier accepts one program of the object, loaded alone. */
  z.object({ kind: z.literal('program'), name: z.string(), optional: z.boolean(), loads: z.boolean(), error: z.string(), log: z.string() }),
  /** The kernel has refused what the agent loads; `log` is that of the verifier. */
  z.object({ kind: z.literal('refused'), error: z.string(), log: z.string() }),
  trafficSchema.extend({ kind: z.literal('traffic') }),
  z.object({ kind: z.literal('test'), file: z.string(), name: z.string(), passed: z.boolean(), seconds: z.number(), message: z.string() }),
  z.object({ kind: z.literal('row'), row: rowSchema }),
  /** A long step is still running. */
  z.object({ kind: z.literal('progress'), line: z.string() }),
  /** A result of the conformance suite that differs from what is declared. */
  z.object({ kind: z.literal('complaint'), line: z.string() }),
  /** A step is over; `code` is the exit code of its program, 124 when the step took too long. */
  z.object({ kind: z.literal('stepped'), name: z.string(), code: z.int() }),
  z.object({ kind: z.literal('done') }),
]);

export type Message = z.infer<typeof messageSchema>;

/** Reads messages from the pieces of a stream. @throws for a line that is not a message */
export class MessageReader {
  private rest = '';

  *read(piece: string): Generator<Message> {
    const lines = (this.rest + piece).split('\n');
    this.rest = lines.pop() ?? '';
    for (const line of lines) yield messageSchema.parse(JSON.parse(line));
  }
}
