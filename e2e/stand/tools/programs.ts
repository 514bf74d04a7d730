// Builds the two small Go programs of the tests: `pause` for sandboxes, and `checksum` for checksummed traffic.
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cached } from '../../../release/tools/cache';
import { buildGoPrograms } from '../../../release/tools/golang';
import { contentHash } from '../../../release/tools/contentHash';

export const programSources = join(__dirname, 'modules', 'programs');

/** @returns the directory with the static binaries `pause` and `checksum` */
export async function providePrograms(): Promise<string> {
  const programs = { module: programSources, packages: ['./pause', './checksum'] };
  const { directory } = await cached(`programs-${contentHash([], [programSources])}`, (directory) =>
    buildGoPrograms(programs, directory, join(tmpdir(), 'sidecar-acceleration-programs.log')),
  );
  return join(directory, 'bin');
}
