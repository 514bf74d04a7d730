// Asks the linter whether a folder may import another, for tests of that rule.
import { readdirSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { ESLint } from 'eslint';
import { checkout } from './tools/paths';

const eslint = new ESLint({ cwd: checkout });

/** An existing source file of the folder: type-aware rules accept only files of the project. */
function fileOf(folder: string): string {
  const names = readdirSync(join(checkout, folder), { recursive: true, encoding: 'utf8' }).sort();
  const sources = names.filter((file) => file.endsWith('.ts') && !file.endsWith('.d.ts'));
  const name = sources.find((file) => !/\.(test|testing)\.ts$/.test(file)) ?? sources[0];
  if (!name) throw new Error(`looking for a source file to import in ${folder}: there is none`);
  return join(checkout, folder, name);
}

/** What the rule says about an import of `source` that is written, in memory, into a file of the folder. */
async function messagesFor(folder: string, source: string): Promise<string[]> {
  const [result] = await eslint.lintText(`import * as other from '${source}';\nvoid other;\n`, { filePath: fileOf(folder) });
  return (result?.messages ?? []).filter((message) => message.ruleId === 'boundaries/dependencies').map((message) => message.message);
}

/**
 * Lints, in memory, a file of the folder `from` with an import of a file of the folder `to`.
 * @param from, to folders by their paths from the root of the checkout
 * @returns the rule's messages; none when the import is allowed
 */
export function refusals(from: string, to: string): Promise<string[]> {
  const source = relative(dirname(fileOf(from)), fileOf(to)).replace(/\.ts$/, '');
  return messagesFor(from, source.startsWith('.') ? source : `./${source}`);
}

/** The same for an import of a package. */
export function refusalsOfPackage(from: string, name: string): Promise<string[]> {
  return messagesFor(from, name);
}

/** Folder → the folders beside it that it may import. */
export type Rooms = Readonly<Record<string, readonly string[]>>;

/** The same rooms by their paths from the root of the checkout. @param path of the folder that holds them */
export function roomsOf(path: string, rooms: Rooms): Rooms {
  return Object.fromEntries(Object.entries(rooms).map(([from, to]) => [`${path}/${from}`, to.map((name) => `${path}/${name}`)]));
}

/** Pairs of rooms of which the first may import the second, or (`allowed` false) may not. */
export function pairsOf(rooms: Rooms, allowed: boolean): (readonly [string, string])[] {
  const names = Object.keys(rooms);
  return names.flatMap((from) => names.filter((to) => to !== from && (rooms[from] ?? []).includes(to) === allowed).map((to) => [from, to] as const));
}

/** Makes a test for each pair: the first folder may import the second, or may not. */
export function testDirections(allowed: readonly (readonly [string, string])[], forbidden: readonly (readonly [string, string])[]): void {
  const limitMs = 30_000;
  it.each(allowed)('lets %s import %s', async (from, to) => expect(await refusals(from, to)).toEqual([]), limitMs);
  it.each(forbidden)('does not let %s import %s', async (from, to) => expect(await refusals(from, to)).toHaveLength(1), limitMs);
}
