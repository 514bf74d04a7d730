// Builds programs from Go modules whose versions and checksums are pinned.
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from './command';

/** Programs of a Go module, and how to build them. */
export interface GoPrograms {
  /** The path of the folder whose go.mod pins the module and its dependencies. */
  readonly module: string;
  readonly packages: readonly string[];
  readonly tags?: readonly string[];
  /** String variables set at link time, by their full name. */
  readonly variables?: Readonly<Record<string, string>>;
}

/** Downloads the sources for a later build; other downloads may run at the same time. */
export async function downloadGoSources(programs: GoPrograms, logFile: string): Promise<void> {
  await run('go', ['list', '-deps', tagsFlag(programs), ...programs.packages], { cwd: programs.module, logFile });
}

/**
 * Builds the programs into `directory`/bin. One `go build` builds all programs of a module: they share most of their
 * packages, and one can be linked while the next compiles. Without debug information, which would be a quarter of the
 * compiler's work and of the cache.
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
