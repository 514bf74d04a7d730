// Writes texts into a .tar.gz.
import { open, rm, type FileHandle } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { pack, type Pack } from 'tar-stream';
import { errorLine } from '../../base';
import { Failure } from '../exit';
import type { BundleFile } from './bundle';

/** What has been written. */
export interface Written {
  readonly names: readonly string[];
  /** Bytes of text before compression. */
  readonly bytes: number;
}

/**
 * Takes one file after the other, the next one when the last one is written.
 * @param path file to write, with mode 0600; it is deleted again when a file cannot be made
 * @param directory directory of the files in the archive
 * @param mtime modification time of the files in the archive
 * @throws Failure when the file exists already or cannot be written, and every error of `files`
 */
export async function writeArchive(path: string, directory: string, files: AsyncIterable<BundleFile>, mtime: Date): Promise<Written> {
  const target = await created(path);
  const tar = pack();
  const names: string[] = [];
  let bytes = 0;
  const writing = pipeline(tar, createGzip(), target.createWriteStream()).catch((error: unknown) => {
    throw unwritable(path, error);
  });
  // Handled below; until then a failure must not count as unhandled.
  writing.catch(() => undefined);
  try {
    for await (const { name, text } of files) {
      await Promise.race([entered(tar, { name: `${directory}/${name}`, mtime, mode: 0o644 }, text), writing]);
      names.push(name);
      bytes += Buffer.byteLength(text);
    }
    tar.finalize();
    await writing;
    return { names, bytes };
  } catch (error) {
    tar.destroy();
    await writing.catch(() => undefined);
    await rm(path, { force: true });
    throw error;
  }
}

/** Never an existing file. Mode 0600: the report contains many facts about the cluster. @throws Failure */
function created(path: string): Promise<FileHandle> {
  return open(path, 'wx', 0o600).catch((error: unknown) => {
    throw unwritable(path, error);
  });
}

function unwritable(path: string, error: unknown): Failure {
  const next =
    typeof error === 'object' && error !== null && 'code' in error && error.code === 'EEXIST'
      ? 'choose another file with --file'
      : 'choose another directory with --file';
  return new Failure(`writing ${path}: ${errorLine(error)}; ${next}`);
}

function entered(tar: Pack, header: { name: string; mtime: Date; mode: number }, text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    tar.entry(header, text, (error) => (error ? reject(error) : resolve()));
  });
}
