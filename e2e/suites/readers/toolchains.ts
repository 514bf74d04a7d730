// Builds the programs of programs/ with the toolchain of their language, once for each state of their sources.
import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cached } from '../../../release/tools/cache';
import { run } from '../../../release/tools/command';
import { contentHash } from '../../../release/tools/contentHash';

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
export const cargo: Make = async (sources, directory, logFile) => {
  await run('cargo', ['build', '--release', '--locked', '--quiet'], { cwd: sources, env: { CARGO_TARGET_DIR: directory }, logFile });
};

/** With Go's own tools; the programs are in `bin`. */
export const go: Make = async (sources, directory, logFile) => {
  mkdirSync(join(directory, 'bin'));
  await run('go', ['build', '-trimpath', '-o', `${join(directory, 'bin')}/`, './...'], { cwd: sources, env: { CGO_ENABLED: '0' }, logFile });
};

/** Maven brings the jars that its pom.xml pins, and the JDK compiles: a class path of `classes` and `jars`. */
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
  return missing.length === 0 ? Promise.resolve() : Promise.reject(new Error(`there is no ${missing.join(', no ')}; make test-readers installs it`));
}

function onPath(program: string): boolean {
  const directories = [...(process.env['PATH'] ?? '').split(':'), '/usr/sbin', '/sbin'];
  return directories.some((directory) => existsSync(join(directory, program)));
}
