// The result of a kernel's run, and what is wrong with it.
import { z } from 'zod';
import { lacking } from './needs';
import { rowSchema, trafficSchema, type Message } from '../../stand/machines/messages';
import type { Plan, Step } from './plan';

type Traffic = z.infer<typeof trafficSchema>;

export const resultSchema = z.object({
  /** The name with which the kernel was asked for, such as `6.1` or `newest`. */
  kernel: z.string(),
  /** The version of Debian's package. */
  version: z.string(),
  /** The kernel's own release name, as of uname; empty when the kernel did not start. */
  release: z.string(),
  machine: z.string(),
  accelerator: z.enum(['kvm', 'tcg']),
  ending: z.enum(['done', 'did not start', 'stopped by itself', 'hung']),
  programs: z.array(z.object({ name: z.string(), optional: z.boolean(), loads: z.boolean(), error: z.string() })),
  /** Why the kernel refused the datapath, in the agent's words. */
  refused: z.string().optional(),
  traffic: z.array(trafficSchema),
  tests: z.array(z.object({ file: z.string(), name: z.string(), passed: z.boolean(), message: z.string() })),
  conformance: z.array(rowSchema),
  /** The lines of the conformance suite about results that are not as declared. */
  undeclared: z.array(z.string()),
  probes: z.array(z.object({ name: z.string(), answer: z.string() })),
  /** The exit code of each step: 0 for success, 124 when its time was up. */
  steps: z.array(z.object({ name: z.string(), code: z.int() })),
});

export type KernelResult = z.infer<typeof resultSchema>;

/** What is known before a machine is booted. */
export type Booted = Pick<KernelResult, 'kernel' | 'version' | 'accelerator'>;

export function emptyResult(booted: Booted): KernelResult {
  return {
    ...booted,
    release: '',
    machine: '',
    ending: 'did not start',
    programs: [],
    traffic: [],
    tests: [],
    conformance: [],
    undeclared: [],
    probes: [],
    steps: [],
  };
}

/** The result after one more message. */
export function taken(result: KernelResult, message: Message): KernelResult {
  switch (message.kind) {
    case 'hello':
      return { ...result, release: message.release, machine: message.machine };
    case 'program': {
      const { name, optional, loads, error } = message;
      return { ...result, programs: [...result.programs, { name, optional, loads, error }] };
    }
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
    case 'complaint':
      return { ...result, undeclared: [...result.undeclared, message.line] };
    case 'probe':
      return { ...result, probes: [...result.probes, { name: message.name, answer: message.answer }] };
    case 'stepped':
      return { ...result, steps: [...result.steps, { name: message.name, code: message.code }] };
    case 'step':
    case 'progress':
    case 'done':
      return result;
  }
}

/** One line for each thing that is wrong; empty for a kernel that passes. */
export function complaints(result: KernelResult, plan: Plan): string[] {
  const { ending, programs, refused, traffic, undeclared, steps } = result;
  const failed = failedTests(result);
  const lines: string[] = [];
  if (ending !== 'done') lines.push(`the machine ${ending}`);
  for (const { name, optional, loads, error } of programs) if (!loads && !optional) lines.push(`${name} is refused: ${error}`);
  if (refused !== undefined) lines.push(refused);
  lines.push(...traffic.flatMap(trafficComplaints));
  lines.push(...failed.map(({ file, name }) => `${file}: ${name}`));
  lines.push(...undeclared);
  for (const { name, code } of steps.filter((step) => step.code !== 0 && !isExplained(step, result))) {
    lines.push(code === 124 ? `${name}: out of time` : `${name}: ended with ${code}`);
  }
  if (ending === 'done') lines.push(...plan.steps.filter((step) => told(result, step) === 0).map(({ name }) => `${name}: told nothing`));
  return lines;
}

/** Tests that failed although the kernel has what they need. */
export function failedTests(result: KernelResult): KernelResult['tests'] {
  return result.tests.filter(({ name, passed }) => !passed && lacking(result, name) === undefined);
}

/** Whether an exit code of 1 is no complaint: Jest ends so also when all failed tests need what this kernel lacks. */
function isExplained({ name, code }: KernelResult['steps'][number], result: KernelResult): boolean {
  return name === 'tests' && code === 1 && result.tests.some(({ passed }) => !passed) && failedTests(result).length === 0;
}

function trafficComplaints({ way, family, paired, connections, fastBytes, wrongBytes, bytes, errors }: Traffic): string[] {
  const lines = errors.map((error) => `${family}: ${error}`);
  if (paired < 2 * connections) lines.push(`${family}: ${paired} of ${2 * connections} ends were paired ${way}`);
  if (fastBytes === 0) lines.push(`${family}: no byte took the fast path (joined ${way})`);
  if (wrongBytes > 0) lines.push(`${family}: ${wrongBytes} of ${bytes} bytes were wrong`);
  return lines;
}

/** How many results a step has sent. */
function told({ programs, traffic, tests, conformance, probes }: KernelResult, { program }: Step): number {
  return { programs, traffic, suite: tests, conformance, probes }[program].length;
}
