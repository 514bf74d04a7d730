// Runs one kernel: fetches its package, boots it and collects its result.
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { buildDirectory } from '../../../release/tools/paths';
import type { Progress } from '../../../release/tools/progress';
import { packApp, provideProbe } from './app';
import type { KernelChoice } from '../../stand/machines/catalogue';
import { joinArchives } from '../../stand/machines/initramfs';
import { provideKernel, type Kernel } from '../../stand/machines/kernel';
import { bootMachine, type Accelerator } from '../../stand/machines/machine';
import type { Message } from '../../stand/machines/messages';
import type { Plan } from './plan';
import { emptyResult, taken, type KernelResult } from './result';
import { provideRoot } from '../../stand/machines/root';

/** The accelerator for guests of this architecture: KVM, until a guest does not start with it; from then on emulation. */
let here: Accelerator = 'kvm';

export async function runKernel(choice: KernelChoice, plan: Plan, logs: string, progress: Progress): Promise<KernelResult> {
  const kernel = await progress.step(
    `kernel ${choice.name}`,
    () => provideKernel(choice),
    ({ version }) => version,
  );
  const disk = await progress.step(`root file system ${choice.architecture}`, () => provideRoot(choice.architecture));
  const app = await packApp(choice.name, plan, await provideProbe(choice.architecture));
  const initramfs = join(buildDirectory, 'kernels', `${choice.name}.initramfs`);
  await joinArchives([kernel.initramfs, app], initramfs);
  try {
    return await bootSomehow(kernel, { disk, initramfs, log: join(logs, `${choice.name}.log`) }, progress);
  } finally {
    for (const file of [app, initramfs]) await rm(file, { force: true });
  }
}

interface Files {
  readonly disk: string;
  readonly initramfs: string;
  readonly log: string;
}

async function bootSomehow(kernel: Kernel, files: Files, progress: Progress): Promise<KernelResult> {
  if (kernel.architecture === process.arch && here === 'kvm') {
    const result = await boot(kernel, 'kvm', files, progress);
    if (result.ending !== 'did not start') return result;
    here = 'tcg';
    progress.say('  KVM does not run this guest: it is emulated, which takes minutes');
  }
  return boot(kernel, 'tcg', files, progress);
}

async function boot(kernel: Kernel, accelerator: Accelerator, files: Files, progress: Progress): Promise<KernelResult> {
  let result = emptyResult({ kernel: kernel.name, version: kernel.version, accelerator });
  const hear = (message: Message): void => {
    result = taken(result, message);
    const line = spoken(message);
    if (line !== undefined) progress.say(`  ${kernel.name}: ${line}`);
  };
  const machine = { architecture: kernel.architecture, accelerator, image: kernel.image, ...files };
  const work = async (): Promise<KernelResult> => {
    const ending = await bootMachine(machine, hear);
    return { ...result, ending };
  };
  return progress.step(`${kernel.name} on ${accelerator}`, work, ({ ending }) => ending);
}

/** The line that is printed for a message while the machine runs. */
function spoken(message: Message): string | undefined {
  switch (message.kind) {
    case 'hello':
      return `${message.release} is up`;
    case 'step':
      return `${message.name} …`;
    case 'program':
      return `${message.name} ${message.loads ? 'loads' : `is refused: ${message.error}\n${message.log}`}`;
    case 'refused':
      return `refused: ${message.error}\n${message.log}`;
    case 'traffic': {
      const { way, family, paired, connections, bytes, wrongBytes, fastBytes } = message;
      return `${family}: ${paired} of ${2 * connections} ends paired ${way}, ${bytes} bytes checked, ${wrongBytes} wrong, ${fastBytes} on the fast path`;
    }
    case 'test':
      return `${message.passed ? '✓' : '✗'} ${message.name} (${message.seconds.toFixed(1)} s)${message.passed ? '' : `\n${message.message}`}`;
    case 'probe':
      return `${message.name}: ${message.answer}`;
    case 'progress':
      return message.line;
    case 'complaint':
      return message.line;
    case 'row':
    case 'stepped':
    case 'done':
      return undefined;
  }
}
