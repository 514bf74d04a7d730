// Writes texts into a .tar.gz.
import { createWriteStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { pack } from 'tar-stream';
import { errorLine } from '../../base';
import { Failure } from '../exit';
import type { BundleFile } from './bundle';

/**
 * @param path file to write, with mode 0600
 * @param directory directory of the files in the archive
 * @param mtime modification time of the files in the archive
 * @throws Failure when the file exists already or cannot be written
 */
export async function writeArchive(path: string, directory: string, files: readonly BundleFile[], mtime: Date): Promise<void> {
  const tar = pack();
  for (const { name, text } of files) tar.entry({ name: `${directory}/${name}`, mtime, mode: 0o644 }, text);
  tar.finalize();
  // Mode 0600: the report contains many facts about the cluster.
  const target = createWriteStream(path, { flags: 'wx', mode: 0o600 });
  let isOurs = false;
  target.once('open', () => (isOurs = true));
  try {
    await pipeline(tar, createGzip(), target);
  } catch (error) {
    if (isOurs) await rm(path, { force: true });
    const next =
      typeof error === 'object' && error !== null && 'code' in error && error.code === 'EEXIST'
        ? 'choose another file with --file'
        : 'choose another directory with --file';
    throw new Failure(`writing ${path}: ${errorLine(error)}; ${next}`);
  }
}
