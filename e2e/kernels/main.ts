// Command line: `main.ts [KERNEL...]` boots each kernel, runs the datapath's tests on it, and writes docs/kernels.*.
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { buildDirectory } from '../tools/paths';
import { Progress } from '../tools/progress';
import { compileApp } from './app';
import { kernelChoice, usualKernels } from './catalogue';
import { complaints, type KernelResult } from './result';
import { runKernel } from './run';
import { writeDocs } from './docs';

const logs = join(buildDirectory, 'logs', 'kernels');

async function main(words: readonly string[]): Promise<void> {
  const progress = new Progress();
  const choices = (words.length > 0 ? words : usualKernels).map(kernelChoice);
  await mkdir(logs, { recursive: true });
  await progress.step('compiling what the guests run', compileApp);
  const failed: string[] = [];
  for (const choice of choices) {
    const result = await runKernel(choice, logs, progress);
    await writeDocs(result);
    const lines = complaints(result);
    report(result, lines, progress);
    if (lines.length > 0) failed.push(choice.name);
  }
  process.stdout.write(`${choices.length - failed.length} passed, ${failed.length} failed\n`);
  if (failed.length > 0) process.exitCode = 1;
}

function report({ kernel, release }: KernelResult, lines: readonly string[], progress: Progress): void {
  if (lines.length === 0) progress.say(`✓ ${kernel} (${release}): everything as it must be`);
  else for (const line of lines) progress.say(`✗ ${kernel} (${release}): ${line}`);
  if (lines.length > 0) progress.say(`  console: ${join(logs, `${kernel}.log`)}`);
}

main(process.argv.slice(2)).catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});
