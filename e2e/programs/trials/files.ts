// Files served by nginx and fetched and sent by curl: what arrives is compared by checksum, on both sides.
import { createHash, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { lastWords, type ProgramMesh } from '../mesh';
import { differs, type Opened, type Round } from '../trial';

const largeBytes = 48 << 20;
const largeFiles = 3;
const smallFiles = 400;

export const filesChecks = `checksums of ${largeFiles} large files fetched at once, of one that is sent, and of ${smallFiles} small ones on one connection; curl’s exit code`;

/** How the files are reached. */
export interface Route {
  readonly port: number;
  readonly scheme?: 'http' | 'https';
  readonly curl?: readonly string[];
  /** What every transfer must have used, as curl calls it. */
  readonly version?: '1.1' | '2';
}

type Checksums = ReadonlyMap<string, string>;

/** The configuration of an nginx that serves and stores the files of `directory`. */
export function nginxServer(mesh: ProgramMesh, listen: string, more = ''): string {
  const locations = 'location / { root files; dav_methods PUT; create_full_put_path on; }';
  return nginx(mesh, `server { listen ${listen}; ${more} ${locations} }`);
}

/** A configuration with the given servers; everything it writes is in the trial's directory. */
export function nginx(mesh: ProgramMesh, servers: string): string {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((kind) => `${kind}_temp_path ${mesh.directory}/${kind};`);
  return [
    'daemon off; user root; worker_processes 1; error_log stderr warn; pid nginx.pid;',
    'events { worker_connections 1024; }',
    // requests are as large as they like, and are passed on as they come
    `http { access_log off; sendfile on; keepalive_requests 100000; client_max_body_size 0; ${temporary.join(' ')}`,
    `${servers} }`,
  ].join('\n');
}

/** Starts an nginx with a configuration of nginx() or nginxServer(). */
export async function startNginx(mesh: ProgramMesh, container: 'server' | 'backend', ports: readonly number[], configuration: string): Promise<void> {
  const file = mesh.file(`${container}.conf`, configuration);
  await mesh.serve(container, ports, 'nginx', '-e', 'stderr', '-p', mesh.directory, '-c', file);
}

/** Makes the files; nginx must have been started in the trial's directory. */
export function openFiles(mesh: ProgramMesh, route: Route): Opened {
  const known = makeFiles(join(mesh.directory, 'files'));
  return { round: () => round(mesh, route, known) };
}

/** The same, but there are only small ones to begin with: how large ones are read shows when all has been learnt. */
export function openFilesLate(mesh: ProgramMesh, route: Route): Opened {
  const known = makeFiles(join(mesh.directory, 'files'));
  return { round: () => round(mesh, route, known), warmUp: () => round(mesh, route, new Map([...known].filter(([name]) => name.startsWith('small')))) };
}

function makeFiles(root: string): Checksums {
  mkdirSync(root);
  const sizes = [
    ...Array.from({ length: largeFiles }, (_, n): [string, number] => [`large${n + 1}`, largeBytes]),
    ...Array.from({ length: smallFiles }, (_, n): [string, number] => [`small${n + 1}`, 1 + ((n * 7919) % 40_000)]),
  ];
  for (const [name, bytes] of sizes) writeFileSync(join(root, name), randomBytes(bytes));
  return new Map(sizes.map(([name]) => [name, digest(join(root, name))]));
}

/** Fetches the known files and, if there are large ones, sends one. */
async function round(mesh: ProgramMesh, { port, scheme = 'http', curl = [], version = '1.1' }: Route, known: Checksums): Promise<Round> {
  const url = `${scheme}://${mesh.address}:${port}`;
  const [fetched, stored] = [join(mesh.directory, 'fetched'), join(mesh.directory, 'files', 'sent')];
  const words = ['-sS', '--fail', '--max-time', 60, '--write-out', '%{http_version}\\n', '--create-dirs', '--output-dir', fetched, ...curl];
  const large = known.get('large1');
  const runs = [
    ...(large === undefined ? [] : [
      ['--parallel', '--parallel-max', largeFiles, '-o', 'large#1', `${url}/large[1-${largeFiles}]`],
      ['-T', join(mesh.directory, 'files', 'large1'), `${url}/sent`],
    ]),
    ['-o', 'small#1', `${url}/small[1-${smallFiles}]`],
  ];
  let seconds = 0;
  const complaints: string[] = [];
  for (const run of runs) {
    const ended = await mesh.run('client', 'curl', ...words, ...run);
    seconds += ended.seconds; console.error("DBG", mesh.watch !== undefined, run.at(-1), ended.seconds.toFixed(2));
    if (ended.code !== 0) complaints.push(`curl ${run.at(-1)}: exit code ${ended.code}: ${lastWords(ended.stderr)}`);
    complaints.push(...differs(`versions of HTTP spoken to ${run.at(-1)}`, [...new Set(ended.stdout.trim().split('\n'))].join(), version));
  }
  if (complaints.length === 0) complaints.push(...compare(fetched, known));
  if (complaints.length === 0 && large !== undefined) complaints.push(...differs('checksum of the file that was sent', digest(stored), large));
  rmSync(fetched, { recursive: true, force: true });
  rmSync(stored, { force: true });
  return { amount: (largeFiles + 1) * largeBytes, seconds, complaints };
}

function compare(directory: string, known: Checksums): string[] {
  return [...known].flatMap(([name, checksum]) => differs(`checksum of ${name}`, digest(join(directory, name)), checksum));
}

function digest(path: string): string {
  return existsSync(path) ? createHash('sha256').update(readFileSync(path)).digest('hex') : 'no file';
}
