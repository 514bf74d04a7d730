// Archives that a kernel unpacks into its first file system. Several archives in one file, one behind the other, count as one.
import { createReadStream, createWriteStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { run } from '../../../release/tools/command';

/** Packs a directory without compression, because an emulated processor would expand it slowly. */
export async function writeArchive(directory: string, archive: string): Promise<void> {
  await run('sh', ['-c', 'find . -print0 | cpio --null --create --format=newc --owner=+0:+0 --quiet > "$0"', archive], { cwd: directory });
}

/** Joins archives into one file. */
export async function joinArchives(archives: readonly string[], target: string): Promise<void> {
  for (const [index, archive] of archives.entries()) {
    await pipeline(createReadStream(archive), createWriteStream(target, { flags: index === 0 ? 'w' : 'a' }));
  }
}
