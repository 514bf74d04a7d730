// Command: `make test-readers`. Puts all witnesses, or those named by --only, into their situations, and writes docs/readers.json and .md.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { errorMessage } from '../../../operator/base';
import { checkout } from '../../../release/tools/paths';
import { pageOf } from './page';
import { resultsSchema, verdict, type Row } from './rows';
import { situations } from './situations';
import { Stand } from './stand';
import { tryWitness, type Plan } from './trial';
import { ways } from './ways';
import type { Witness } from './witness';
import { witnesses } from './witnesses';

const options = z.object({
  /** Names of the witnesses to run; rows of other witnesses stay as they are in docs/readers.json. */
  only: z.array(z.enum(witnesses.map(({ name }) => name))).optional(),
  way: z.array(z.enum(ways)).optional(),
  situation: z.array(z.enum(situations.map(({ name }) => name))).optional(),
  turns: z.coerce.number().int().positive().default(5),
  /** Print the rows, and do not write the documents. */
  dry: z.boolean().default(false),
  /** Run only the witnesses and situations of the short form. */
  short: z.boolean().default(false),
});

const json = join(checkout, 'docs', 'readers.json');
const page = join(checkout, 'docs', 'readers.md');
const say = (line: string): void => void process.stderr.write(`${line}\n`);

/** Writes the documents. Rows that were not measured this time stay. */
function publish(rows: readonly Row[]): void {
  const key = ({ program, situation, way }: Row): string => [program, way, situation].join();
  const fresh = new Set(rows.map(key));
  const known = existsSync(json) ? resultsSchema.parse(JSON.parse(readFileSync(json, 'utf8'))).rows : [];
  const all = [...known.filter((row) => !fresh.has(key(row))), ...rows];
  const order = (row: Row): number[] => [
    witnesses.findIndex(({ name }) => name === row.program),
    ways.indexOf(row.way),
    situations.findIndex(({ name }) => name === row.situation),
  ];
  const sorted = all
    .map((row) => ({ row, at: order(row) }))
    .filter(({ at }) => !at.includes(-1))
    .sort((a, b) => compare(a.at, b.at));
  const results = { rows: sorted.map(({ row }) => row) };
  writeFileSync(json, `{ "rows": [\n${results.rows.map((row) => `  ${JSON.stringify(row)}`).join(',\n')}\n] }\n`);
  writeFileSync(page, pageOf(results));
}

function compare(one: readonly number[], other: readonly number[]): number {
  return one.map((value, i) => value - (other[i] ?? 0)).find((difference) => difference !== 0) ?? 0;
}

/** Tries the witnesses one after the other. An interrupt ends all programs and removes the pods. */
async function tryAll(chosen: readonly Witness[], plan: Plan, done: (rows: readonly Row[]) => void): Promise<Row[]> {
  for (const witness of chosen) await witness.prepare();
  const stand = Stand.open();
  let interrupted = false;
  const interrupt = (): void => {
    interrupted = true;
    stand.interrupt().catch(say);
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, interrupt);
  const rows: Row[] = [];
  try {
    for (const witness of chosen) {
      const tried = await tryWitness(stand, witness, plan, say);
      if (interrupted) throw new Error(`interrupted: the rows of ${witness.name} are not written`);
      rows.push(...tried);
      done(tried);
    }
  } finally {
    await stand.close();
  }
  return rows;
}

async function main(): Promise<void> {
  const [one, several] = [{ type: 'string' } as const, { type: 'string', multiple: true } as const];
  const flag = { type: 'boolean' } as const;
  const { values } = parseArgs({ options: { only: several, way: several, situation: several, turns: one, dry: flag, short: flag } });
  const { only, way, situation, turns, dry, short } = options.parse(values);
  const chosen = witnesses.filter((each) => (only?.includes(each.name) ?? true) && (!short || each.short));
  const played = situations.filter((each) => (situation?.includes(each.name) ?? true) && (!short || each.short));
  // A run takes an hour, so the rows of each witness are written as soon as they exist.
  const rows = await tryAll(chosen, { turns, ways: way ?? ways, situations: played }, (tried) => {
    if (!dry) publish(tried);
  });
  const bad = rows.filter((row) => verdict(row) !== 'right');
  for (const row of bad)
    say(`${row.program}, ${row.situation}, ${row.way}: ${verdict(row)}: ${JSON.stringify(row.standstillMs)} ${row.complaints.join('; ')}`);
  say(`${rows.length - bad.length} of ${rows.length} rows right`);
  process.exitCode = bad.length === 0 ? 0 : 1;
}

main().catch((error: unknown) => {
  say(errorMessage(error));
  process.exitCode = 1;
});
