// Computes a hash of the inputs of a build, to name its result.
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A short hash of texts and of files below directories; the order of the arguments matters. */
export function contentHash(texts: readonly string[], paths: readonly string[] = []): string {
  const hash = createHash('sha256');
  for (const text of texts) hash.update(text).update('\0');
  for (const file of paths.flatMap(filesBelow)) hash.update(file.name).update('\0').update(readFileSync(file.path)).update('\0');
  return hash.digest('hex').slice(0, 16);
}

interface NamedFile {
  /** The name relative to the given path, so that the hash is the same wherever the checkout is. */
  readonly name: string;
  readonly path: string;
}

function filesBelow(root: string): NamedFile[] {
  const entries = listed(root);
  if (entries === undefined) return [{ name: '', path: root }];
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort()
    .map((path) => ({ name: path.slice(root.length), path }));
}

function listed(root: string) {
  try {
    return readdirSync(root, { recursive: true, withFileTypes: true });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOTDIR') return undefined;
    throw error;
  }
}
