// Command: `make reading-sample SEED=n`. Draws sixty places of the project for a reader who has not seen it, and prints them.
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { draw, randomOf } from './draw';
import { commentsOf, messagesOf, paragraphsOf, type Place, type SourceFile, testNamesOf } from './places';

const checkout = join(__dirname, '..', '..');
const lastCommits = 60;

interface Group {
  readonly title: string;
  readonly count: number;
  readonly places: readonly Place[];
}

function git(...words: string[]): string {
  return execFileSync('git', words, { cwd: checkout, encoding: 'utf8', maxBuffer: 2 ** 26 });
}

/** The files in git whose names match, in the order of their names. */
function filesLike(pattern: RegExp): SourceFile[] {
  const names = git('ls-files')
    .split('\n')
    .filter((name) => pattern.test(name) && existsSync(join(checkout, name)))
    .sort();
  return names.map((file) => ({ file, text: readFileSync(join(checkout, file), 'utf8') }));
}

function groups(): Group[] {
  const sources = filesLike(/\.(ts|mjs|c|h)$/);
  const isTest = ({ file }: SourceFile): boolean => /\.(test|e2e)\.ts$/.test(file);
  const isProduct = ({ file }: SourceFile): boolean => file.startsWith('operator/') && !/\.testing\.ts$/.test(file);
  const commits = git('log', `-${lastCommits}`, '--format=%h %s').trim().split('\n');
  return [
    { title: 'comments', count: 20, places: sources.flatMap(commentsOf) },
    { title: 'names of tests', count: 10, places: sources.filter(isTest).flatMap(testNamesOf) },
    { title: 'messages', count: 10, places: sources.filter((source) => isProduct(source) && !isTest(source)).flatMap(messagesOf) },
    { title: 'paragraphs', count: 10, places: filesLike(/\.md$/).flatMap(paragraphsOf) },
    {
      title: 'commit subjects',
      count: 10,
      places: commits.map((line) => ({ where: line.slice(0, line.indexOf(' ')), text: line.slice(line.indexOf(' ') + 1) })),
    },
  ];
}

function shown({ where, text, code }: Place, number: number): string {
  const indented = (lines: string, by: string): string =>
    lines
      .split('\n')
      .map((line) => by + line)
      .join('\n');
  return [`${number}. ${where}`, indented(text, '     '), ...(code === undefined ? [] : [indented(code, '   | ')])].join('\n');
}

function main(argument: string | undefined): number {
  const seed = Number(argument);
  if (argument === undefined || !Number.isInteger(seed) || seed < 0) {
    console.error('drawing a reading sample: give the seed as a whole number: make reading-sample SEED=1');
    return 2;
  }
  const random = randomOf(seed);
  let number = 0;
  for (const { title, count, places } of groups()) {
    console.log(`\n## ${count} of ${places.length} ${title}\n`);
    for (const place of draw(places, count, random)) console.log(`${shown(place, ++number)}\n`);
  }
  return 0;
}

process.exitCode = main(process.argv[2]);
