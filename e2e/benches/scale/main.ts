// Command: `make bench-scale`. The control plane at several sizes; writes docs/performance/scale.*, part by part.
import { cpus, loadavg } from 'node:os';
import { join } from 'node:path';
import { Command, Option } from 'commander';
import { errorMessage } from '../../../operator/base';
import { interruptedCode, interruptions, wholeNumber } from '../../stand/support/commandLine';
import { buildDirectory, checkout } from '../../../release/tools/paths';
import { Progress } from '../../../release/tools/progress';
import { measureAgent } from './agentUse';
import { measure } from './measure';
import { publish } from './publish';
import type { Row } from './results';

interface Options {
  readonly nodes: readonly number[];
  readonly namespaces: number;
  readonly seconds: number;
  readonly orders: number;
  readonly pods: number;
  readonly connections: number;
  /** Measures one of the two parts only. */
  readonly only?: 'controller' | 'agent';
  readonly out?: string;
  readonly quick?: true;
}

const quick = { nodes: [200], seconds: 10, orders: 2, only: 'controller' } as const;

const wholeNumbers = (text: string): number[] => text.split(',').map(wholeNumber);

function parse(words: readonly string[]): Options {
  const options = new Command('make bench-scale')
    .description('Measures the controller with simulated agents on a real API server, and the memory and CPU of one real agent.')
    .option('--nodes <n[,n]>', 'sizes, one after the other', wholeNumbers, [500, 1000, 2000, 5000])
    .option('--namespaces <n>', 'selected namespaces', wholeNumber, 1000)
    .option('--seconds <n>', 'length of the steady phase', wholeNumber, 60)
    .option('--orders <n>', 'changes of the mode, and as many of the selector', wholeNumber, 5)
    .option('--pods <n>', 'pods that come and go each second', wholeNumber, 50)
    .option('--connections <n>', 'idle connections of the real agent', wholeNumber, 10_000)
    .addOption(new Option('--only <part>', 'one of the two parts').choices(['controller', 'agent']))
    .option('--quick', 'one small size and briefly: shows that it works; the report goes below build/')
    .option('--out <directory>', 'where the report goes (docs/performance)')
    .parse(words, { from: 'user' })
    .opts<Options>();
  return options.quick ? { ...options, ...quick } : options;
}

async function main(words: readonly string[]): Promise<number> {
  const options = parse(words);
  const interrupted = interruptions();
  const load = loadavg()[0] ?? 0;
  if (load > cpus().length / 2) process.stderr.write(`the machine is busy (load average ${load.toFixed(1)}): figures will be worse than they are\n`);
  const directory = options.out ?? (options.quick ? join(buildDirectory, 'scale') : join(checkout, 'docs', 'performance'));
  const progress = new Progress();
  const step = progress.step.bind(progress);
  const keep = (rows: readonly Row[]): Promise<void> => publish(directory, rows);
  let failed = false;
  const parts = [
    ...(options.only === 'agent'
      ? []
      : options.nodes.map((nodes) => () => measure({ ...options, nodes, podsPerSecond: options.pods }, step, keep, interrupted))),
    ...(options.only === 'controller' ? [] : [() => measureAgent(options, step, keep, interrupted)]),
  ];
  for (const part of parts) {
    if (interrupted.aborted) break;
    await part().catch((error: unknown) => {
      if (interrupted.aborted) return;
      failed = true;
      process.stderr.write(`${errorMessage(error)}\n`);
    });
  }
  process.stderr.write(`report: ${join(directory, 'scale.md')}\n`);
  return interrupted.aborted ? interruptedCode : failed ? 1 : 0;
}

main(process.argv.slice(2)).then(
  (code) => process.exit(code),
  (error: unknown) => {
    process.stderr.write(`${errorMessage(error)}\n`);
    process.exit(1);
  },
);
