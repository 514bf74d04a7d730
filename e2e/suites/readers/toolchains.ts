// Builds the programs in programs/ with the toolchain of their language, and again only when their sources have changed.
import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cached } from '../../../release/tools/cache';
import { run } from '../../../release/tools/command';
import { contentHash } from '../../../release/tools/contentHash';

export const programs = join(__dirname, 'programs');

/** Builds a program from `sources` into `directory`, and writes the toolchain's output to `log`. */
type Make = (sources: string, directory: string, log: string) => Promise<void>;

/** @returns the directory of the built program @throws with the name of the toolchain that is missing or has failed */
export async function built(program: string, toolchain: string, make: Make): Promise<string> {
  if (!onPath(toolchain)) throw new Error(`build ${program}: ${toolchain} is not installed; make test-readers installs it`);
  const sources = join(programs, program);
  const log = join(tmpdir(), `sidecar-acceleration-${program}.log`);
  const { directory } = await cached(`reader-${program}-${contentHash([process.arch], [sources])}`, (unfinished) => make(sources, unfinished, log));
  return directory;
}

/** Builds with Cargo; Cargo.lock pins every crate. */
export const cargo: Make = async (sources, directory, logFile) => {
  await run('cargo', ['build', '--release', '--locked', '--quiet'], { cwd: sources, env: { CARGO_TARGET_DIR: directory }, logFile });
};

/** Builds with Go's own tools; the programs are then in `bin`. */
export const go: Make = async (sources, directory, logFile) => {
  mkdirSync(join(directory, 'bin'));
  await run('go', ['build', '-trimpath', '-o', `${join(directory, 'bin')}/`, './...'], { cwd: sources, env: { CGO_ENABLED: '0' }, logFile });
};

/** Maven fetches the jars that pom.xml pins, and the JDK compiles. The class path then is `classes` and `jars`. */
export const maven: Make = async (sources, directory, logFile) => {
  const [jars, classes] = [join(directory, 'jars'), join(directory, 'classes')];
  const arch = process.arch === 'arm64' ? 'aarch_64' : 'x86_64';
  await run('mvn', ['-q', '-B', 'dependency:copy-dependencies', `-Dnetty.arch=${arch}`, `-DoutputDirectory=${jars}`], { cwd: sources, logFile });
  const files = readdirSync(join(sources, 'src')).map((name) => join(sources, 'src', name));
  await run('javac', ['-cp', join(jars, '*'), '-d', classes, ...files], { logFile });
};

/** @throws with the name of the program that is missing */
export function need(...names: readonly string[]): Promise<void> {
  const missing = names.filter((name) => !onPath(name));
  return missing.length === 0
    ? Promise.resolve()
    : Promise.reject(new Error(`start a witness: not installed: ${missing.join(', ')}; make test-readers installs it`));
}

function onPath(program: string): boolean {
  const directories = [...(process.env['PATH'] ?? '').split(':'), '/usr/sbin', '/sbin'];
  return directories.some((directory) => existsSync(join(directory, program)));
}
