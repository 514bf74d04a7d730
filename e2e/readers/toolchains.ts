// Builds the programs of programs/ with the toolchain of their language, once for each state of their sources.
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cached } from '../tools/cache';
import { run } from '../tools/command';
import { contentHash } from '../tools/image/contentHash';

export const programs = join(__dirname, 'programs');

/** How a program is built into `directory`, with all it says in `log`. */
type Make = (sources: string, directory: string, log: string) => Promise<void>;

/** @returns the directory of what was built; throws with the name of the toolchain that is missing or has failed */
export async function built(program: string, toolchain: string, make: Make): Promise<string> {
  if (!onPath(toolchain)) throw new Error(`build ${program}: there is no ${toolchain}; make test-readers installs it`);
  const sources = join(programs, program);
  const log = join(tmpdir(), `sidecar-acceleration-${program}.log`);
  const { directory } = await cached(`reader-${program}-${contentHash([process.arch], [sources])}`, (unfinished) => make(sources, unfinished, log));
  return directory;
}

/** With Cargo, from a Cargo.lock that pins every crate. */
export const cargo: Make = (sources, directory, logFile) =>
  run('cargo', ['build', '--release', '--locked', '--quiet'], { cwd: sources, env: { CARGO_TARGET_DIR: directory }, logFile }).then(() => undefined);

export function onPath(program: string): boolean {
  const directories = [...(process.env['PATH'] ?? '').split(':'), '/usr/sbin', '/sbin'];
  return directories.some((directory) => existsSync(join(directory, program)));
}
