// Command line of the suite: plays cases and writes their rows. Its exit code is 1 when a difference is not declared.
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { Command, InvalidArgumentError } from 'commander';
import { errorMessage } from '../../../operator/base';
import { declarations } from './declared';
import { rowsText, writeDocs } from './docs';
import { familyNames, pathNames } from './paths';
import { listCases, type Case } from './probe';
import { outlived, undeclared, type Row } from './report';
import { playAll, type Broken, type Outcome, type Played } from './run';
import { results, transcript } from './verdict';

/** Comma-separated words, each one of `known`. */
const someOf =
  <T extends string>(known: readonly T[]) =>
  (text: string): T[] =>
    text.split(',').map((word) => {
      const found = known.find((each) => each === word);
      if (found === undefined) throw new InvalidArgumentError(`${word} is none of ${known.join(', ')}`);
      return found;
    });

interface Options {
  readonly cases?: readonly string[];
  readonly paths: (typeof pathNames)[number][];
  readonly families: (typeof familyNames)[number][];
  readonly json?: string;
  readonly docs: boolean;
  readonly small: boolean;
  readonly quick: boolean;
  readonly verbose: boolean;
  readonly jobs: number;
}

const say = (line: string): void => void process.stderr.write(`${line}\n`);

function name({ case: each, path, family }: Row): string {
  return `${each} ${path} ${family}`;
}

function watcher(verbose: boolean): (played: Played | Broken, done: number, total: number) => void {
  return (played, done, total) => {
    const place = `[${done}/${total}]`;
    if ('error' in played) return say(`${place} ${played.name}: no result: ${played.error}`);
    const { row, trial } = played;
    say(`${place} ${name(row)}: ${row.result}${row.reason === undefined ? '' : ` (${row.reason})`}`);
    if (verbose || row.result === 'different') say(sideBySide(trial));
  };
}

function sideBySide({ control, accelerated }: Played['trial']): string {
  const [left, right] = [transcript(control).split('\n'), transcript(accelerated).split('\n')];
  const lines = Array.from({ length: Math.max(left.length, right.length) }, (_, i) => {
    const [a = '', b = ''] = [left[i], right[i]];
    return `    ${a === b ? ' ' : '≠'} ${a.padEnd(60)} ${b}`;
  });
  const speed = (['client', 'server'] as const).map((side) => {
    const { fastBytes, tcpBytes } = accelerated[side].speed;
    return `${side} fast ${fastBytes} tcp ${tcpBytes}`;
  });
  return [...lines, `      ${speed.join(', ')}`].join('\n');
}

/** True when everything is as declared. */
function judgeRun({ rows, broken }: Outcome): boolean {
  const [surprises, dead] = [undeclared(rows, declarations), outlived(rows, declarations)];
  for (const row of surprises) say(`not declared: ${name(row)}: ${row.result} ${row.reason ?? ''}`);
  for (const each of dead) say(`declared, but no longer so: ${each.case} ${each.result}; remove it from e2e/suites/conformance/declared.ts`);
  for (const each of broken) say(`no result: ${each.name}: the run on TCP itself failed: ${each.error}`);
  say(`${rows.length} rows: ${count(rows)}`);
  return surprises.length + dead.length + broken.length === 0 && rows.length > 0;
}

function count(rows: readonly Row[]): string {
  return results.map((result) => `${rows.filter((row) => row.result === result).length} ${result}`).join(', ');
}

async function main(options: Options, known: readonly Case[]): Promise<void> {
  const cases = known.filter((each) => (options.cases?.includes(each.name) ?? true) && !(options.quick && each.slow));
  const outcome = await playAll({ ...options, cases }, watcher(options.verbose));
  if (options.json !== undefined) {
    mkdirSync(dirname(options.json), { recursive: true });
    writeFileSync(options.json, rowsText(outcome.rows));
  }
  if (options.docs) writeDocs(outcome.rows, known);
  if (!judgeRun(outcome)) process.exitCode = 1;
}

const known = listCases();
const program = new Command('conformance')
  .description('Plays the socket API on TCP and on accelerated connections, and compares. Needs root.')
  .option('--cases <names>', `cases, by comma (default: all ${known.length})`, someOf(known.map((each) => each.name)))
  .option('--paths <names>', 'paths, by comma', someOf(pathNames), [...pathNames])
  .option('--families <names>', 'address families, by comma', someOf(familyNames), [...familyNames])
  .option('--json <file>', 'where to write the rows')
  .option('--docs', 'write the rows to docs/conformance.*', false)
  .option('--small', 'fewer rounds and bytes', false)
  .option('--quick', 'without the slow cases', false)
  .option('--jobs <n>', 'how many paths are played at the same time', Number, 2)
  .option('--verbose', 'print both observations of every case', false);

main(program.parse().opts<Options>(), known).catch((error: unknown) => {
  say(errorMessage(error));
  process.exitCode = 1;
});
