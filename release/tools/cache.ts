// A cache on disk: each entry is a directory that is named by a version or a content hash, made once and found later.
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { cacheDirectory } from './paths';

/** An entry of the cache. */
export interface CacheEntry {
  readonly directory: string;
  /** True when the entry existed before. */
  readonly found: boolean;
  /** How long it took to make the entry. */
  readonly coldSeconds: number;
}

const receiptSchema = z.object({ seconds: z.number() });
const receiptName = '.made.json';

/**
 * Finds an entry or makes it. `make` fills a temporary directory, which is renamed when it is complete: so an interrupted run
 * leaves no incomplete entry, and of two runs at the same time the first to finish makes the entry.
 * @param name contains a version or a content hash, because an entry is never made again
 */
export async function cached(name: string, make: (directory: string) => Promise<void>): Promise<CacheEntry> {
  const directory = join(cacheDirectory, name);
  if (isCached(name)) return { directory, found: true, coldSeconds: await made(directory) };
  await mkdir(cacheDirectory, { recursive: true });
  const unfinished = await mkdtemp(join(cacheDirectory, `.unfinished-${name}-`));
  try {
    const startedMs = Date.now();
    await make(unfinished);
    const seconds = (Date.now() - startedMs) / 1000;
    await writeFile(join(unfinished, receiptName), JSON.stringify({ seconds }));
    await takeName(unfinished, directory);
    return { directory, found: false, coldSeconds: seconds };
  } finally {
    await rm(unfinished, { recursive: true, force: true });
  }
}

/** True when the entry exists. */
export function isCached(name: string): boolean {
  return existsSync(join(cacheDirectory, name, receiptName));
}

/** Removes all but the newest entries whose name starts with `prefix`, for entries that change with every edit. */
export async function keepNewest(prefix: string, count: number): Promise<void> {
  const names = (await readdir(cacheDirectory)).filter((name) => name.startsWith(prefix));
  const entries = await Promise.all(names.map(async (name) => ({ name, age: (await stat(join(cacheDirectory, name))).mtimeMs })));
  const old = entries.sort((one, other) => other.age - one.age).slice(count);
  for (const { name } of old) await rm(join(cacheDirectory, name), { recursive: true, force: true });
}

async function made(directory: string): Promise<number> {
  return receiptSchema.parse(JSON.parse(await readFile(join(directory, receiptName), 'utf8'))).seconds;
}

async function takeName(unfinished: string, directory: string): Promise<void> {
  try {
    await rename(unfinished, directory);
  } catch (error) {
    if (!existsSync(join(directory, receiptName))) throw error;
  }
}
