// Command line of `make bench`: measures, shows how far it is, and writes docs/performance.
import { Command, InvalidArgumentError } from 'commander';
import { cpus, loadavg } from 'node:os';
import { join } from 'node:path';
import { abandonedRuns } from '../cluster/abandoned';
import { takeDown } from '../cluster/down';
import { buildDirectory, checkout } from '../tools/paths';
import type { Case, Experiment, Pace } from './experiment';
import { figures, type Figure } from './figures';
import { merged, readMeasurements, type MeasuredCase } from './measurements';
import { measurementsFile, publish } from './report/publish';
import { runExperiment } from './run';
import { Bar, resultLines } from './show';

interface Options {
  readonly quick?: true;
  readonly only?: string[];
  readonly rounds?: number;
  readonly out?: string;
}

const paces: Readonly<Record<'full' | 'quick', Pace>> = {
  full: { quick: false, seconds: 0.4, warmup: 0.05 },
  quick: { quick: true, seconds: 0.05, warmup: 0.02 },
};
const interruptedCode = 130;

function wholeNumber(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new InvalidArgumentError('expected a whole number of at least 1');
  return value;
}

function figureName(text: string, before: readonly string[] = []): string[] {
  const known = figures.map(({ name }) => name);
  if (!known.includes(text)) throw new InvalidArgumentError(`expected one of ${known.join(', ')}`);
  return [...before, text];
}

function parse(words: readonly string[]): Options {
  return new Command('make bench')
    .description('Measures the datapath against plain TCP, AF_UNIX and a node without it.')
    .option('--quick', 'each figure once and briefly, without the cluster: shows that the benchmark works, not how fast anything is')
    .option('--only <figure>', 'nothing but this figure; may be said several times', figureName)
    .option('--rounds <n>', 'rounds of every figure, instead of as many as each needs', wholeNumber)
    .option('--out <directory>', 'where the report goes (docs/performance, or build/bench with --quick)')
    .parse(words, { from: 'user' })
    .opts<Options>();
}

/** What is to be run: experiments, and the cases of them that the chosen figures want. */
function chosen({ only, quick }: Options): { experiment: Experiment; cases: readonly Case[] }[] {
  const wanted = figures.filter(({ name }) => only?.includes(name) ?? true);
  const belongs = (experiment: Experiment, it: Case): boolean => wanted.some((figure) => figure.experiment === experiment && has(figure, it));
  return [...new Set(wanted.map(({ experiment }) => experiment))]
    .map((experiment) => ({ experiment, cases: experiment.cases.filter((it) => belongs(experiment, it) && (!quick || only !== undefined || !it.slow)) }))
    .filter(({ cases }) => cases.length > 0);
}

function has({ of = () => true }: Figure, { name }: Case): boolean {
  return of(name);
}

/** The first Control-C ends the run in order; those that follow find it doing so. */
function interruptions(): AbortSignal {
  const controller = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      process.stderr.write(controller.signal.aborted ? '\nstill cleaning up\n' : '\ninterrupted: cleaning up, what was measured is kept\n');
      controller.abort(new Error('interrupted'));
    });
  }
  return controller.signal;
}

async function main(words: readonly string[]): Promise<number> {
  const options = parse(words);
  if (process.getuid?.() !== 0) throw new Error('measuring: not root; namespaces, cgroups and BPF need it');
  const interrupted = interruptions();
  const load = loadavg()[0] ?? 0;
  if (load > cpus().length / 2) process.stderr.write(`the machine is busy (load average ${load.toFixed(1)}): figures will be less exact\n`);
  for (const runId of abandonedRuns('sca-bench')) await takeDown(runId);
  const directory = options.out ?? (options.quick ? join(buildDirectory, 'bench') : join(checkout, 'docs', 'performance'));
  const fresh: MeasuredCase[] = [];
  let failure: Error | undefined;
  for (const { experiment, cases } of chosen(options)) {
    const { cases: found, error } = await measureOne(experiment, cases, options, interrupted);
    fresh.push(...found);
    failure = error;
    if (error !== undefined) break;
  }
  if (fresh.length > 0) {
    await publish(directory, merged(readMeasurements(join(directory, measurementsFile)), fresh));
    process.stdout.write(`report: ${join(directory, 'README.md')}\n`);
  }
  if (interrupted.aborted) return interruptedCode;
  if (failure !== undefined) throw failure;
  return 0;
}

async function measureOne(experiment: Experiment, cases: readonly Case[], options: Options, interrupted: AbortSignal) {
  const rounds = options.rounds ?? (options.quick ? 1 : experiment.rounds);
  const costs = cases.reduce((sum, { costs: each }) => sum + each, 0) * experiment.sides.length * rounds;
  const bar = new Bar(experiment.name, costs);
  const pace = options.quick ? paces.quick : paces.full;
  const outcome = await runExperiment(experiment, { pace, rounds, cases, interrupted, doing: bar.doing, done: bar.done });
  bar.end();
  process.stdout.write(resultLines(experiment, outcome.cases).map((line) => `${line}\n`).join(''));
  return outcome;
}

main(process.argv.slice(2)).then(
  (code) => process.exit(code),
  (error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exit(1);
  },
);
