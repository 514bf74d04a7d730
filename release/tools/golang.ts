// Builds programs from Go modules that are pinned, checksums included.
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from './command';

/** Programs of one Go module and how to build them. */
export interface GoPrograms {
  /** The path of the folder whose go.mod pins the module and everything it needs. */
  readonly module: string;
  readonly packages: readonly string[];
  readonly tags?: readonly string[];
  /** String variables set at link time, by their full name. */
  readonly variables?: Readonly<Record<string, string>>;
}

/** Downloads the sources that a build needs, ahead of it; it may run beside other downloads. */
export async function downloadGoSources(programs: GoPrograms, logFile: string): Promise<void> {
  await run('go', ['list', '-deps', tagsFlag(programs), ...programs.packages], { cwd: programs.module, logFile });
}

/**
 * Builds the programs into `directory`/bin. All of a module's programs go into one `go build`: they share most of
 * their packages, and while one is being linked the next still compiles. No debug information: it is a quarter of
 * the compiler's work and of the cache.
 */
export async function buildGoPrograms(programs: GoPrograms, directory: string, logFile: string): Promise<void> {
  const bin = join(directory, 'bin');
  await mkdir(bin, { recursive: true });
  const variables = Object.entries(programs.variables ?? {}).map(([name, value]) => `-X ${name}=${value}`);
  await run(
    'go',
    [
      'build',
      '-trimpath',
      '-gcflags=all=-dwarf=false',
      `-ldflags=${['-s', '-w', ...variables].join(' ')}`,
      tagsFlag(programs),
      '-o',
      `${bin}/`,
      ...programs.packages,
    ],
    { cwd: programs.module, env: { CGO_ENABLED: '0' }, logFile },
  );
}

function tagsFlag(programs: GoPrograms): string {
  return `-tags=${(programs.tags ?? []).join(',')}`;
}
