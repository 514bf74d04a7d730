// Command line: `main.ts [KERNEL...]` boots each kernel, runs the datapath's tests on it, and writes docs/kernels.*.
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Command } from 'commander';
import { errorMessage } from '../../../operator/base';
import { buildDirectory } from '../../../release/tools/paths';
import { Progress } from '../../../release/tools/progress';
import { compileApp } from './app';
import { kernelChoice, usualKernels } from '../../stand/machines/catalogue';
import { complaints, type KernelResult } from './result';
import { runKernel } from './run';
import { planOf, steps } from './steps';
import { writeDocs } from './docs';

const logs = join(buildDirectory, 'logs', 'kernels');

interface Options {
  readonly steps?: readonly string[];
  readonly object?: string;
  readonly atOnce: number;
  readonly allCases: boolean;
}

async function main(names: readonly string[], { steps: chosen, object, atOnce, allCases }: Options): Promise<void> {
  const progress = new Progress();
  const choices = (names.length > 0 ? names : usualKernels).map(kernelChoice);
  const plan = planOf(chosen, allCases);
  await mkdir(logs, { recursive: true });
  await progress.step('compiling what the guests run', () => compileApp(object));
  const failed: string[] = [];
  const waiting = [...choices];
  const work = async (): Promise<void> => {
    for (let choice = waiting.shift(); choice !== undefined; choice = waiting.shift()) {
      const result = await runKernel(choice, plan, logs, progress);
      if (object === undefined && result.ending === 'done') writeDocs(result, plan);
      const lines = complaints(result, plan);
      report(result, lines, progress);
      if (lines.length > 0) failed.push(choice.name);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, work));
  process.stdout.write(`${choices.length - failed.length} passed, ${failed.length} failed\n`);
  if (failed.length > 0) process.exitCode = 1;
}

function report({ kernel, release }: KernelResult, lines: readonly string[], progress: Progress): void {
  if (lines.length === 0) progress.say(`✓ ${kernel} (${release}): everything passed`);
  else for (const line of lines) progress.say(`✗ ${kernel} (${release}): ${line}`);
  if (lines.length > 0) progress.say(`  console: ${join(logs, `${kernel}.log`)}`);
}

new Command()
  .description(`Runs the datapath's tests on Debian's kernels in virtual machines; without names on ${usualKernels.join(', ')}.`)
  .argument('[kernels...]', 'series such as 6.1, or newest; with the suffix -arm64 for that architecture')
  .option(
    '--steps <names>',
    `run only these steps, of ${steps.map(({ name }) => name).join(',')}; the documents keep the results of all others`,
    (text) => text.split(','),
  )
  .option('--object <file>', 'test another object than that of this checkout; the documents are not written then')
  .option('--all-cases', 'play every quick case of the conformance suite; that takes hours where kernels are emulated', false)
  .option('--at-once <n>', 'how many machines run at the same time', Number, 1)
  .action((names: string[], options: Options) => main(names, options))
  .parseAsync()
  .catch((error: unknown) => {
    process.stderr.write(`${errorMessage(error)}\n`);
    process.exitCode = 1;
  });
