// Compiles the load programs when their sources have changed.
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { cached, keepNewest } from '../../../release/tools/cache';
import { run } from '../../../release/tools/command';
import { contentHash } from '../../../release/tools/contentHash';

const sources = join(__dirname, 'load');
const prefix = 'bench-load-';

/** @returns the path of the binary that contains all load programs */
export async function provideLoadProgram(): Promise<string> {
  const files = (await readdir(sources)).filter((name) => name.endsWith('.c')).map((name) => join(sources, name));
  const { directory } = await cached(`${prefix}${contentHash([process.arch], [sources])}`, async (unfinished) => {
    // clang is installed already, because it compiles the datapath too; see release/tools/packages.ts
    await run('clang', ['-O2', '-Wall', '-Wextra', '-Werror', '-o', join(unfinished, 'load'), ...files]);
  });
  await keepNewest(prefix, 2);
  return join(directory, 'load');
}
