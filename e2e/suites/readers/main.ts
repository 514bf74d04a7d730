// Command: `make test-readers`. Puts the witnesses, or those named by --only, into their situations, and writes docs/readers.json and .md.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { z } from 'zod';
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
  /** Names of witnesses; rows of others stay as they are in docs/readers.json. */
  only: z.array(z.enum(witnesses.map(({ name }) => name))).optional(),
  way: z.array(z.enum(ways)).optional(),
  situation: z.array(z.enum(situations.map(({ name }) => name))).optional(),
  turns: z.coerce.number().int().positive().default(5),
  /** Print what came out and leave the documents alone. */
  dry: z.boolean().default(false),
  /** Only witnesses and situations of the short form. */
  short: z.boolean().default(false),
});

const json = join(checkout, 'docs', 'readers.json');
const page = join(checkout, 'docs', 'readers.md');
const say = (line: string): void => void process.stderr.write(`${line}\n`);

/** Rows that were not measured this time stay, in the order of witnesses. */
function publish(rows: readonly Row[]): void {
  const key = ({ program, situation, way }: Row): string => [program, way, situation].join();
  const fresh = new Set(rows.map(key));
  const known = existsSync(json) ? resultsSchema.parse(JSON.parse(readFileSync(json, 'utf8'))).rows : [];
  const all = [...known.filter((row) => !fresh.has(key(row))), ...rows];
  const order = (row: Row): number[] => [
    witnesses.findIndex(({ name }) => name === row.program), ways.indexOf(row.way), situations.findIndex(({ name }) => name === row.situation),
  ];
  const sorted = all.map((row) => ({ row, at: order(row) })).filter(({ at }) => !at.includes(-1)).sort((a, b) => compare(a.at, b.at));
  const results = { rows: sorted.map(({ row }) => row) };
  writeFileSync(json, `{ "rows": [\n${results.rows.map((row) => `  ${JSON.stringify(row)}`).join(',\n')}\n] }\n`);
  writeFileSync(page, pageOf(results));
}

function compare(one: readonly number[], other: readonly number[]): number {
  return one.map((value, i) => value - (other[i] ?? 0)).find((difference) => difference !== 0) ?? 0;
}

/** Tries the witnesses one after the other; an interrupt ends what runs and leaves nothing behind. */
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
      if (interrupted) throw new Error(`interrupted: of ${witness.name} nothing is written`);
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
  // A run takes an hour: what has been tried is written at once.
  const rows = await tryAll(chosen, { turns, ways: way ?? ways, situations: played }, (tried) => {
    if (!dry) publish(tried);
  });
  const bad = rows.filter((row) => verdict(row) !== 'right');
  for (const row of bad) say(`${row.program}, ${row.situation}, ${row.way}: ${verdict(row)}: ${JSON.stringify(row.standstillMs)} ${row.complaints.join('; ')}`);
  say(`${rows.length - bad.length} of ${rows.length} rows right`);
  process.exitCode = bad.length === 0 ? 0 : 1;
}

main().catch((error: unknown) => {
  say(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
});
