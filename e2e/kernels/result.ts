// What a kernel's run has shown, and whether that is all that was asked for.
import { z } from 'zod';
import { rowSchema, type Message } from './messages';

const trafficSchema = z.object({
  family: z.enum(['IPv4', 'IPv6']),
  connections: z.int(),
  paired: z.int(),
  bytes: z.int(),
  fastBytes: z.int(),
  wrongBytes: z.int(),
  errors: z.array(z.string()),
});

export const resultSchema = z.object({
  /** As it was asked for: `6.1`, `newest`. */
  kernel: z.string(),
  /** Debian's version. */
  version: z.string(),
  /** What the kernel calls itself; empty when it never came up. */
  release: z.string(),
  machine: z.string(),
  accelerator: z.enum(['kvm', 'tcg']),
  ending: z.enum(['done', 'did not start', 'stopped by itself', 'hung']),
  /** Why the datapath was refused, in the agent's words. */
  refused: z.string().optional(),
  traffic: z.array(trafficSchema),
  tests: z.array(z.object({ file: z.string(), name: z.string(), passed: z.boolean(), message: z.string() })),
  conformance: z.array(rowSchema),
  probes: z.array(z.object({ name: z.string(), answer: z.string() })),
  /** How each step ended: 0 as it should, 124 out of time. */
  steps: z.array(z.object({ name: z.string(), code: z.int() })),
});

export type KernelResult = z.infer<typeof resultSchema>;

/** What is known before a machine is booted. */
export type Booted = Pick<KernelResult, 'kernel' | 'version' | 'accelerator'>;

export function emptyResult(booted: Booted): KernelResult {
  return { ...booted, release: '', machine: '', ending: 'did not start', traffic: [], tests: [], conformance: [], probes: [], steps: [] };
}

/** The result with one more message taken into it. */
export function taken(result: KernelResult, message: Message): KernelResult {
  switch (message.kind) {
    case 'hello':
      return { ...result, release: message.release, machine: message.machine };
    case 'refused':
      return { ...result, refused: message.error };
    case 'traffic':
      return { ...result, traffic: [...result.traffic, trafficSchema.parse(message)] };
    case 'test': {
      const { file, name, passed, message: words } = message;
      return { ...result, tests: [...result.tests, { file, name, passed, message: words }] };
    }
    case 'row':
      return { ...result, conformance: [...result.conformance, message.row] };
    case 'probe':
      return { ...result, probes: [...result.probes, { name: message.name, answer: message.answer }] };
    case 'stepped':
      return { ...result, steps: [...result.steps, { name: message.name, code: message.code }] };
    case 'step':
    case 'done':
      return result;
  }
}

/** One line for each thing that is not as it must be; none for a kernel that passes. */
export function complaints(result: KernelResult): string[] {
  const { ending, refused, traffic, tests, conformance, steps } = result;
  const lines: string[] = [];
  if (ending !== 'done') lines.push(`the machine ${ending}`);
  if (refused !== undefined) lines.push(refused);
  for (const each of traffic) {
    if (each.paired < 2 * each.connections) lines.push(`${each.family}: ${each.paired} of ${2 * each.connections} ends were paired`);
    if (each.fastBytes === 0) lines.push(`${each.family}: no byte took the fast path`);
    if (each.wrongBytes > 0) lines.push(`${each.family}: ${each.wrongBytes} of ${each.bytes} bytes were wrong`);
    lines.push(...each.errors.map((error) => `${each.family}: ${error}`));
  }
  lines.push(...tests.filter(({ passed }) => !passed).map(({ file, name }) => `${file}: ${name}`));
  for (const { name, code } of steps) if (code !== 0) lines.push(code === 124 ? `${name}: out of time` : `${name}: ended with ${code}`);
  if (ending === 'done' && (traffic.length === 0 || tests.length === 0 || conformance.length === 0)) lines.push('a step told nothing');
  return lines;
}
