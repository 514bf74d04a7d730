// Installs parts on this machine. A part is found on the machine, else taken from the cache, else made.
import { mkdir, mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { z } from 'zod';
import { cached, isCached } from './cache';
import type { Part } from './catalogue';
import { buildGoPrograms, downloadGoSources } from './golang';
import { locate } from './locate';
import { installPackages } from './packages';
import { buildDirectory } from './paths';
import type { Progress } from './progress';

/** The paths of the programs of the installed parts. */
export interface Tools<Program extends string> {
  /** The absolute path of a program. @throws when its part was not installed */
  path(program: Program): string;
  /** A value for PATH with which the programs find each other, as containerd its shim. */
  readonly searchPath: string;
}

/** How a part was installed. */
interface Provision {
  readonly how: 'found' | 'cached' | 'made' | 'installed' | 'present';
  /** How many seconds it took to make the part, now or when the cache entry was made. */
  readonly coldSeconds: number;
  readonly programs: ReadonlyMap<string, string>;
}

type Parts = Readonly<Record<string, Part>>;
type ProgramOf<P extends Parts> = P[keyof P]['programs'][number];

/**
 * Installs parts and Debian packages, and writes build/tools-timing.json.
 * @param parts by their names, in the order of building
 * @param packages names of Debian packages that this machine lacks
 * @throws CommandError with the step, its last output and the path of its log
 */
export async function installParts<P extends Parts>(progress: Progress, parts: P, packages: readonly string[] = []): Promise<Tools<ProgramOf<P>>> {
  const logs = await mkdtemp(join(tmpdir(), 'sidecar-acceleration-tools-'));
  const located = new Map<string, ReadonlyMap<string, string>>();
  for (const [name, part] of Object.entries(parts)) {
    const programs = await locate(part);
    if (programs !== undefined) located.set(name, programs);
  }
  const provisions = new Map<string, Provision>();
  const wanted = Object.entries(parts).filter(([name]) => !located.has(name));
  // Debian packages and Go sources are downloaded at the same time. Builds run one after the other, because each uses all cores.
  const [debian] = await Promise.all([provideDebian(progress, packages, logs), downloadSources(progress, wanted, logs)]);
  provisions.set('debian', debian);
  for (const [name, part] of Object.entries(parts)) provisions.set(name, await provide(name, part, located.get(name), progress, logs));
  await reportTimings(provisions);
  return toolsOf(provisions);
}

async function provideDebian(progress: Progress, missing: readonly string[], logs: string): Promise<Provision> {
  if (missing.length === 0) return { how: 'present', coldSeconds: 0, programs: new Map() };
  const startedMs = Date.now();
  await progress.step(`Debian: ${missing.join(' ')}`, () => installPackages(missing, join(logs, 'apt.log')));
  return { how: 'installed', coldSeconds: (Date.now() - startedMs) / 1000, programs: new Map() };
}

async function downloadSources(progress: Progress, parts: readonly (readonly [string, Part])[], logs: string): Promise<void> {
  const builds = parts.flatMap(([name, part]) => (part.kind === 'go' && !isCached(cacheName(name, part)) ? [part.build] : []));
  if (builds.length === 0) return;
  await progress.step('Go sources', async () => {
    for (const build of builds) await downloadGoSources(build, join(logs, `${basename(build.module)}-sources.log`));
  });
}

async function provide(
  name: string,
  part: Part,
  located: ReadonlyMap<string, string> | undefined,
  progress: Progress,
  logs: string,
): Promise<Provision> {
  if (located !== undefined) return { how: 'found', coldSeconds: 0, programs: located };
  const log = join(logs, `${name}.log`);
  const entry = await progress.step(
    `${name} ${part.version}`,
    () => cached(cacheName(name, part), (directory) => make(part, directory, log)),
    ({ found }) => (found ? 'cached' : 'made'),
  );
  const programs = new Map(part.programs.map((program) => [program, join(entry.directory, 'bin', program)]));
  return { how: entry.found ? 'cached' : 'made', coldSeconds: entry.coldSeconds, programs };
}

function make(part: Part, directory: string, log: string): Promise<void> {
  return part.kind === 'go' ? buildGoPrograms(part.build, directory, log) : part.fetch(directory, log);
}

function cacheName(name: string, { version }: Part): string {
  return `${name}-${version}`;
}

const timingsSchema = z.record(z.string(), z.object({ how: z.string(), coldSeconds: z.number() }));
const timingsFile = join(buildDirectory, 'tools-timing.json');

/** Adds the timings to the file with those of earlier installations, which may be of other parts. */
async function reportTimings(provisions: ReadonlyMap<string, Provision>): Promise<void> {
  const earlier = await readFile(timingsFile, 'utf8')
    .then((text) => timingsSchema.parse(JSON.parse(text)))
    .catch(() => ({}));
  const own = Object.fromEntries([...provisions].map(([part, { how, coldSeconds }]) => [part, { how, coldSeconds }]));
  await mkdir(buildDirectory, { recursive: true });
  await writeFile(timingsFile, `${JSON.stringify({ ...earlier, ...own }, null, 2)}\n`);
}

function toolsOf(provisions: ReadonlyMap<string, Provision>): Tools<string> {
  const programs = new Map([...provisions.values()].flatMap((each) => [...each.programs]));
  const directories = new Set([...programs.values()].map((path) => path.slice(0, path.lastIndexOf('/'))));
  return {
    searchPath: [...directories, process.env['PATH'], '/usr/sbin', '/sbin'].join(':'),
    path(program) {
      const path = programs.get(program);
      if (path === undefined) throw new Error(`looking for ${program}: its part was not installed; name it where parts are installed`);
      return path;
    },
  };
}
