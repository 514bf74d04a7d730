// Makes the base image: a small Debian from Debian's packages, instead of an image from a registry.
import { join } from 'node:path';
import { writeFile } from 'node:fs/promises';
import { cached } from '../tools/cache';
import { run } from '../tools/command';
import { debianRelease } from '../tools/versions';
import { buildImage, hasImage } from './buildah';
import { contentHash } from '../tools/contentHash';

/** The packages that product and mesh need beyond the minimum. Both have the same base image, which is made and stored once. */
const packages = ['ca-certificates', 'iproute2', 'iptables', 'libbpf1'];
const leaveOut = ['/usr/share/doc/*', '/usr/share/man/*', '/usr/share/locale/*', '/usr/share/info/*'];

/**
 * Makes the base image unless it exists.
 * @returns the reference of the image, for ARG BASE of a Containerfile
 */
export async function provideBaseImage(): Promise<string> {
  const hash = contentHash([debianRelease, ...packages, ...leaveOut]);
  const reference = `localhost/sidecar-acceleration-base:${hash}`;
  const { directory } = await cached(`base-${hash}`, makeRootFilesystem);
  if (!(await hasImage(reference))) {
    await buildImage({ reference, containerfile: join(directory, 'Containerfile'), context: directory });
  }
  return reference;
}

async function makeRootFilesystem(directory: string): Promise<void> {
  await run('mmdebstrap', [
    '--variant=minbase',
    `--include=${packages.join(',')}`,
    ...leaveOut.map((path) => `--dpkgopt=path-exclude=${path}`),
    debianRelease,
    join(directory, 'root.tar'),
  ]);
  await writeFile(join(directory, 'Containerfile'), 'FROM scratch\nADD root.tar /\n');
}
