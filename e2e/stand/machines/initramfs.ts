// Archives that a kernel unpacks into its first file system; several one behind the other are one.
import { createReadStream, createWriteStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { run } from '../../../release/tools/command';

/** Packs a directory, not compressed: what an emulated processor would unpack slowly is only read. */
export async function writeArchive(directory: string, archive: string): Promise<void> {
  await run('sh', ['-c', 'find . -print0 | cpio --null --create --format=newc --owner=+0:+0 --quiet > "$0"', archive], { cwd: directory });
}

/** Puts archives behind each other. */
export async function joinArchives(archives: readonly string[], target: string): Promise<void> {
  for (const [index, archive] of archives.entries()) {
    await pipeline(createReadStream(archive), createWriteStream(target, { flags: index === 0 ? 'w' : 'a' }));
  }
}
