// Command: `make test-programs`. Runs all trials, or those named by --only, and writes docs/programs.json and docs/programs.md.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { release } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { errorMessage } from '../../../operator/base';
import { installTools } from '../../stand/tools/install';
import { checkout } from '../../../release/tools/paths';
import { Progress } from '../../../release/tools/progress';
import { ProgramMesh } from './mesh';
import { pageOf } from './page';
import { ratioWords, rowsOf, verdict, type Results, type Row } from './rows';
import { runTrial, type Pace } from './run';
import type { Trial } from './trial';
import { trials } from './trials';

const options = z.object({
  /** Names of the trials to run; rows of other trials stay as they are in docs/programs.json. */
  only: z.array(z.enum(trials.map(({ name }) => name))).optional(),
  turns: z.coerce.number().int().positive().default(4),
  seconds: z.coerce.number().positive().default(8),
  /**
   * Seconds of load before the first measured round. In them the datapath finds out whether connections to the destination take turns; where scans
   * (iter/tcp) join open connections, that takes about three seconds.
   */
  warmUp: z.coerce.number().min(0).default(5),
  /** Print the rows, and do not write the documents. */
  dry: z.boolean().default(false),
});

const json = join(checkout, 'docs', 'programs.json');
const page = join(checkout, 'docs', 'programs.md');

function publish(rows: readonly Row[]): void {
  const known = existsSync(json) ? rowsOf(JSON.parse(readFileSync(json, 'utf8'))) : [];
  const row = (name: string): Row | undefined => [...rows, ...known].find(({ program }) => program === name);
  const results: Results = { kernel: release(), rows: trials.flatMap(({ name }) => row(name) ?? []) };
  writeFileSync(json, `${JSON.stringify(results, null, 2)}\n`);
  writeFileSync(page, pageOf(results));
}

/** Runs the chosen trials one after the other. An interrupt ends all programs and removes the pods. */
async function runAll(envoy: string, pace: Pace, chosen: (trial: Trial) => boolean): Promise<Row[]> {
  const opening = ProgramMesh.open(envoy);
  let interrupted = false;
  const interrupt = (): void => {
    interrupted = true;
    opening.then((mesh) => mesh.interrupt()).catch(say); // the trial ends with its programs
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, interrupt);
  const rows: Row[] = [];
  const mesh = await opening;
  try {
    for (const trial of trials.filter(chosen)) {
      const row = await runTrial(mesh, trial, pace, say);
      if (interrupted) throw new Error('interrupted: nothing is written');
      say(summary(row));
      rows.push(row);
    }
  } finally {
    await mesh.close();
  }
  return rows;
}

function summary(row: Row): string {
  const share = `${Math.round(100 * row.acceleratedShare)} % accelerated`;
  const { tcp, accelerated } = row.standstillMs;
  const still = `longest standstill ${tcp.toFixed(0)} ms on TCP, ${accelerated.toFixed(0)} ms accelerated`;
  return `${row.program}: ${verdict(row)}, ${share}, ${ratioWords(row)} x TCP, ${still}, ${JSON.stringify(row.reasons)} ${JSON.stringify(row.passes)}`;
}

const say = (line: string): void => void process.stderr.write(`${line}\n`);

async function main(): Promise<void> {
  const string = { type: 'string' } as const;
  const { values } = parseArgs({
    options: { only: { type: 'string', multiple: true }, turns: string, seconds: string, 'warm-up': string, dry: { type: 'boolean' } },
  });
  const { only, turns, seconds, warmUp, dry } = options.parse({ ...values, warmUp: values['warm-up'] });
  const tools = await installTools(new Progress(), ['envoy']);
  const rows = await runAll(tools.path('envoy'), { turns, warmUpSeconds: warmUp, seconds }, ({ name }) => only?.includes(name) ?? true);
  if (!dry) publish(rows);
  process.exitCode = rows.every((row) => verdict(row) === 'right') ? 0 : 1;
}

main().catch((error: unknown) => {
  process.stderr.write(`${errorMessage(error)}\n`);
  process.exitCode = 1;
});
