// Checks that the Node.js program from npm is the one that Node's releasers publish: compares it with their archive, and that with their signed sums.
import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { errorMessage } from '../../../operator/base';
import { run } from '../../tools/command';

export interface PublishedNodeOptions {
  /** The address of a mirror of https://nodejs.org/dist. */
  readonly mirror: string;
  /** The version without the leading v. */
  readonly version: string;
  /** The architecture, as in process.arch. */
  readonly architecture: string;
  /** Path of the program that goes into the image. */
  readonly binary: string;
  /** A keyring with the keys of Node's releasers (github.com/nodejs/release-keys). Without it only TLS protects the sums. */
  readonly keyring?: string | undefined;
}

/** @throws Error in one line when the program differs from the published one, or when the check cannot be made */
export async function checkPublishedNode(options: PublishedNodeOptions): Promise<void> {
  const { version, architecture, binary } = options;
  const name = `node-v${version}-linux-${architecture}`;
  const directory = await mkdtemp(join(tmpdir(), 'published-node-'));
  try {
    const sum = sumOf(await sums(options, directory), `${name}.tar.xz`);
    const archive = await get(options, `${name}.tar.xz`);
    if (sha256(archive) !== sum)
      throw new Error(`checking Node ${version}: ${name}.tar.xz is not what its publisher's SHASUMS256.txt says; use another mirror`);
    await writeFile(join(directory, 'node.tar.xz'), archive);
    await run('tar', ['--extract', '--xz', '--file=node.tar.xz', '--strip-components=2', `${name}/bin/node`], { cwd: directory });
    const [published, shipped] = await Promise.all([readFile(join(directory, 'node')), readFile(binary)]);
    if (sha256(published) === sha256(shipped)) return;
    throw new Error(
      `checking Node ${version}: ${binary} (sha256 ${sha256(shipped)}) is not the program of ${name}.tar.xz (${sha256(published)}); do not ship it`,
    );
  } finally {
    await rm(directory, { recursive: true });
  }
}

async function sums(options: PublishedNodeOptions, directory: string): Promise<string> {
  if (options.keyring === undefined) return (await get(options, 'SHASUMS256.txt')).toString('utf8');
  const signed = join(directory, 'SHASUMS256.txt.asc');
  await writeFile(signed, await get(options, 'SHASUMS256.txt.asc'));
  // gpgv writes only the signed text, without unsigned text around it.
  return run('gpgv', ['--keyring', options.keyring, '--output', '-', signed]);
}

function sumOf(text: string, file: string): string {
  const line = text.split('\n').find((each) => each.endsWith(`  ${file}`));
  if (line === undefined) throw new Error(`checking Node: SHASUMS256.txt has no line for ${file}`);
  return line.slice(0, 64);
}

async function get({ mirror, version }: PublishedNodeOptions, file: string): Promise<Buffer> {
  const address = `${mirror}/v${version}/${file}`;
  const failed = (why: string): Error =>
    new Error(`reading ${address}: ${why}; name a mirror that can be reached: NODE_MIRROR=<address> make verify-node`);
  const response = await fetch(address, { signal: AbortSignal.timeout(120_000) }).catch((error: unknown) => {
    throw failed(errorMessage(error));
  });
  if (!response.ok) throw failed(`HTTP ${response.status}`);
  return Buffer.from(await response.arrayBuffer());
}

const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');
