// curl fetches files and sends one; files that arrive are compared by checksum, on both sides.
import { createHash, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { lastWords } from '../../../stand/pods/containers';
import type { ProgramMesh } from '../mesh';
import { differs, together, type Opened, type Round } from '../trial';

/** How many files there are of each kind, and their sizes. No program splices a tiny file. */
const kinds = {
  large: { count: 3, bytes: () => 48 << 20 },
  small: { count: 400, bytes: (n: number) => 1 + ((n * 7919) % 40_000) },
  tiny: { count: 200, bytes: (n: number) => 1 + ((n * 7919) % 2000) },
} as const;
type Kind = keyof typeof kinds;

export const filesChecks =
  `checksums of ${kinds.large.count} large files fetched at once, of one that is sent, ` +
  `and of ${kinds.small.count} small ones on one connection; curl’s exit code`;

/** A transfer in which nothing moves for so long has hung. */
const stillSeconds = 30;

/** How curl reaches the files. */
export interface Route {
  readonly port: number;
  readonly scheme?: 'http' | 'https';
  readonly curl?: readonly string[];
  /** The version of HTTP that every transfer must have used, as curl names it. */
  readonly version?: '1.1' | '2';
}

/** Makes the files; nginx must have been started in the trial's directory. */
export function openFiles(mesh: ProgramMesh, route: Route): Opened {
  const files = new Files(mesh, route);
  return { round: () => files.all() };
}

/** After so many seconds readers are no longer watched; see operator/agent/scanSchedule.ts. */
export const learntSeconds = 12;

/** As openFiles(), but the warm-up fetches only tiny files. So the first large file comes when no connection is in the state Learning any more. */
export function openFilesLate(mesh: ProgramMesh, route: Route): Opened {
  const files = new Files(mesh, route);
  return { round: () => files.all(), warmUp: () => files.fetch('tiny') };
}

class Files {
  private readonly root: string;
  private readonly fetched: string;
  private readonly known = new Map<string, string>();

  constructor(
    private readonly mesh: ProgramMesh,
    private readonly route: Route,
  ) {
    this.root = join(mesh.directory, 'files');
    this.fetched = join(mesh.directory, 'fetched');
    mkdirSync(this.root);
    for (const [kind, { count, bytes }] of Object.entries(kinds)) {
      for (let n = 1; n <= count; n++) {
        const path = join(this.root, `${kind}${n}`);
        writeFileSync(path, randomBytes(bytes(n)));
        this.known.set(`${kind}${n}`, digest(path));
      }
    }
  }

  async all(): Promise<Round> {
    return together([await this.fetch('large', '--parallel', '--parallel-max', '3'), await this.send(), await this.fetch('small')]);
  }

  /** Fetches every file of a kind. */
  async fetch(kind: Kind, ...words: readonly string[]): Promise<Round> {
    const names = Array.from({ length: kinds[kind].count }, (_, n) => `${kind}${n + 1}`);
    const round = await this.curl('--create-dirs', '--output-dir', this.fetched, ...words, '-o', `${kind}#1`, this.url(`${kind}[1-${names.length}]`));
    const paths = names.map((name): [string, string] => [name, join(this.fetched, name)]);
    const complaints = round.complaints.length > 0 ? round.complaints : paths.flatMap(([name, path]) => this.compare(name, path));
    const amount = paths.reduce((sum, [, path]) => sum + sizeOf(path), 0);
    rmSync(this.fetched, { recursive: true, force: true });
    return { ...round, amount, complaints };
  }

  /** Sends a large file, which the server stores under another name. */
  private async send(): Promise<Round> {
    const [source, stored] = [join(this.root, 'large1'), join(this.root, 'sent')];
    const round = await this.curl('-T', source, this.url('sent'));
    const complaints = round.complaints.length > 0 ? round.complaints : this.compare('large1', stored);
    const amount = sizeOf(stored);
    rmSync(stored, { force: true });
    return { ...round, amount, complaints };
  }

  private url(path: string): string {
    const { scheme = 'http', port } = this.route;
    return `${scheme}://${this.mesh.address}:${port}/${path}`;
  }

  private async curl(...words: readonly string[]): Promise<Round> {
    const { curl = [], version = '1.1' } = this.route;
    const shared = ['-sS', '--fail', '--speed-limit', 1, '--speed-time', stillSeconds, '--write-out', '%{http_version}\\n', ...curl];
    const { code, seconds, stdout, stderr } = await this.mesh.run('client', 'curl', ...shared, ...words);
    const target = words.at(-1);
    const failed = code === 0 ? [] : [`curl ${target}: exit code ${code}: ${lastWords(stderr)}`];
    const versions = [...new Set(stdout.trim().split('\n'))].join();
    return { amount: 0, seconds, complaints: [...failed, ...differs(`versions of HTTP spoken to ${target}`, versions, version)] };
  }

  private compare(name: string, path: string): string[] {
    return differs(`checksum of ${name} at ${path.slice(this.mesh.directory.length)}`, digest(path), this.known.get(name) ?? '');
  }
}

function sizeOf(path: string): number {
  return existsSync(path) ? statSync(path).size : 0;
}

function digest(path: string): string {
  return existsSync(path) ? createHash('sha256').update(readFileSync(path)).digest('hex') : 'no file';
}
