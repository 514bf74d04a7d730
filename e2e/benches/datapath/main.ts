// Command line of `make bench`: measures, shows how far it is, and writes docs/performance.
import { Command, InvalidArgumentError } from 'commander';
import { cpus, loadavg } from 'node:os';
import { join } from 'node:path';
import { errorMessage } from '../../../operator/base';
import { abandonedRuns } from '../../stand/cluster/abandoned';
import { takeDown } from '../../stand/cluster/down';
import { interruptedCode, interruptions, wholeNumber } from '../../stand/support/commandLine';
import { buildDirectory, checkout } from '../../../release/tools/paths';
import { benchRows } from './comparison';
import type { Case, Experiment } from './experiment';
import { figures, isKnown, type Figure } from './figures';
import { merged, readMeasurements, type MeasuredCase } from './measurements';
import { measurementsFile, publish } from './report/publish';
import { runExperiment, type Outcome } from './run';
import { Bar, resultLines } from './show';

interface Options {
  readonly quick?: true;
  readonly only?: string[];
  readonly rounds?: number;
  readonly out?: string;
  readonly output?: 'json';
}

function figureNames(text: string, before: readonly string[] = []): string[] {
  const known = new Set(figures.map(({ name }) => name));
  const names = text.split(',');
  for (const name of names) if (!known.has(name)) throw new InvalidArgumentError(`expected ${[...known].join(', ')}`);
  return [...before, ...names];
}

function outputFormat(text: string): string {
  if (text !== 'json') throw new InvalidArgumentError('expected json');
  return text;
}

function parse(words: readonly string[]): Options {
  return new Command('make bench')
    .description('Measures the datapath against plain TCP, AF_UNIX and a node without it.')
    .option('--quick', 'each figure once and briefly, without the cluster: shows that the benchmark works, not how fast anything is')
    .option('--only <figure[,figure]>', 'nothing but these figures', figureNames)
    .option('--rounds <n>', 'rounds of every figure, instead of as many as each needs', wholeNumber)
    .option('--out <directory>', 'where the report goes (docs/performance, or build/bench with --quick)')
    .option('-o, --output <format>', 'json: the rows of bench.json that were measured, on standard output', outputFormat)
    .parse(words, { from: 'user' })
    .opts<Options>();
}

/** The experiments to run, each with the cases that belong to a chosen figure. */
function chosen({ only, quick }: Options): { experiment: Experiment; cases: readonly Case[] }[] {
  const wanted = figures.filter(({ name }) => only?.includes(name) ?? true);
  const belongs = (experiment: Experiment, it: Case): boolean => wanted.some((figure) => figure.experiment === experiment && has(figure, it));
  return [...new Set(wanted.map(({ experiment }) => experiment))]
    .map((experiment) => ({
      experiment,
      cases: experiment.cases.filter((it) => belongs(experiment, it) && (!quick || only !== undefined || !it.slow)),
    }))
    .filter(({ cases }) => cases.length > 0);
}

function has({ of = () => true }: Figure, { name }: Case): boolean {
  return of(name);
}

async function main(words: readonly string[]): Promise<number> {
  const options = parse(words);
  if (process.getuid?.() !== 0) throw new Error('measuring: not root; namespaces, cgroups and BPF need it');
  const interrupted = interruptions();
  const load = loadavg()[0] ?? 0;
  if (load > cpus().length / 2) process.stderr.write(`the machine is busy (load average ${load.toFixed(1)}): figures will be less exact\n`);
  for (const runId of abandonedRuns('sca-bench')) await takeDown(runId);
  const directory = options.out ?? (options.quick ? join(buildDirectory, 'bench') : join(checkout, 'docs', 'performance'));
  const { measured, failures } = await measureAll(options, directory, interrupted);
  if (measured.length > 0) process.stderr.write(`report: ${join(directory, 'README.md')}\n`);
  if (options.output === 'json') process.stdout.write(`${JSON.stringify(benchRows(measured), null, 2)}\n`);
  if (interrupted.aborted) return interruptedCode;
  for (const { message } of failures) process.stderr.write(`${message}\n`);
  return failures.length > 0 ? 1 : 0;
}

/** Runs the experiments one after the other and goes on after a failure. Writes the measurements after each experiment. */
async function measureAll(options: Options, directory: string, interrupted: AbortSignal): Promise<{ measured: MeasuredCase[]; failures: Error[] }> {
  const measured: MeasuredCase[] = [];
  const failures: Error[] = [];
  const plans = chosen(options);
  for (const [number, { experiment, cases }] of plans.entries()) {
    if (interrupted.aborted) break;
    const { cases: found, error } = await measureOne(experiment, cases, `${number + 1}/${plans.length} ${experiment.name}`, options, interrupted);
    measured.push(...found);
    if (error !== undefined) failures.push(new Error(`${experiment.name}: ${error.message}`, { cause: error }));
    if (options.output === undefined)
      process.stdout.write(
        resultLines(experiment, found)
          .map((line) => `${line}\n`)
          .join(''),
      );
    if (found.length > 0) await publish(directory, merged(readMeasurements(join(directory, measurementsFile)).filter(isKnown), found));
  }
  return { measured, failures };
}

async function measureOne(
  experiment: Experiment,
  cases: readonly Case[],
  title: string,
  options: Options,
  interrupted: AbortSignal,
): Promise<Outcome> {
  const rounds = options.rounds ?? (options.quick ? 1 : experiment.rounds);
  const pace = options.quick ? 'quick' : 'full';
  const bar = new Bar(title, cases.length * experiment.sides.length * (experiment.slices ?? 1) * rounds);
  try {
    return await runExperiment(experiment, { pace, rounds, cases, interrupted, doing: bar.doing, done: bar.done });
  } finally {
    bar.end();
  }
}

main(process.argv.slice(2)).then(
  (code) => process.exit(code),
  (error: unknown) => {
    process.stderr.write(`${errorMessage(error)}\n`);
    process.exit(1);
  },
);
