// Command: `make test-programs`. Runs the trials, or those named by --only, and writes docs/programs.json and docs/programs.md.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { release } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { installTools } from '../tools/install';
import { checkout } from '../tools/paths';
import { Progress } from '../tools/progress';
import { ProgramMesh } from './mesh';
import { pageOf } from './page';
import { ratio, resultsSchema, verdict, type Row } from './rows';
import { runTrial } from './run';
import { trials } from './trials';

const options = z.object({
  /** Names of trials; rows of others stay as they are in docs/programs.json. */
  only: z.array(z.enum(trials.map(({ name }) => name))).optional(),
  turns: z.coerce.number().int().positive().default(2),
  seconds: z.coerce.number().positive().default(8),
  /** Before measuring, so that the datapath learns the destination; visits need about three. */
  warmUp: z.coerce.number().min(0).default(5),
  /** Print what came out and leave the documents alone. */
  dry: z.boolean().default(false),
});

const json = join(checkout, 'docs', 'programs.json');
const page = join(checkout, 'docs', 'programs.md');

function publish(rows: readonly Row[]): void {
  const known = existsSync(json) ? resultsSchema.parse(JSON.parse(readFileSync(json, 'utf8'))).rows : [];
  const row = (name: string): Row | undefined => [...rows, ...known].find(({ program }) => program === name);
  const results = { kernel: release(), rows: trials.flatMap(({ name }) => row(name) ?? []) };
  writeFileSync(json, `${JSON.stringify(results, null, 2)}\n`);
  writeFileSync(page, pageOf(results));
}

async function main(): Promise<void> {
  const string = { type: 'string' } as const;
  const { values } = parseArgs({
    options: { only: { type: 'string', multiple: true }, turns: string, seconds: string, 'warm-up': string, dry: { type: 'boolean' } },
  });
  const { only, turns, seconds, warmUp, dry } = options.parse({ ...values, warmUp: values['warm-up'] });
  const say = (line: string): void => void process.stderr.write(`${line}\n`);
  const tools = await installTools(new Progress(), ['envoy']);
  const mesh = await ProgramMesh.open(tools.path('envoy'));
  const rows: Row[] = [];
  try {
    for (const trial of trials.filter(({ name }) => only?.includes(name) ?? true)) {
      const row = await runTrial(mesh, trial, { turns, warmUpSeconds: warmUp, seconds }, say);
      say(`${row.program}: ${verdict(row)}, ${Math.round(100 * row.acceleratedShare)} % accelerated, ${ratio(row).toFixed(2)} x TCP, ${JSON.stringify(row.reasons)} ${JSON.stringify(row.passes)}`);
      rows.push(row);
    }
  } finally {
    await mesh.close();
  }
  if (!dry) publish(rows);
  process.exitCode = rows.every((row) => verdict(row) === 'right') ? 0 : 1;
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});
