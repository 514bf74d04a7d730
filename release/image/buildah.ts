// Builds images from Containerfiles without a registry, a daemon or a container runtime.
import { join } from 'node:path';
import { run } from '../tools/command';
import { cacheDirectory } from '../tools/paths';

/** One image to build. */
export interface ImageBuild {
  /** The image's full name, tag included. */
  readonly reference: string;
  readonly containerfile: string;
  /** The directory that COPY and ADD see. */
  readonly context: string;
  readonly buildArguments?: Readonly<Record<string, string>>;
}

// A storage of its own beside the cache: images that other users of buildah made stay out of sight, and ours out of theirs.
const storage = ['--root', join(cacheDirectory, 'buildah'), '--runroot', join(cacheDirectory, 'buildah-run')];

/** Builds the image into the harness's own storage. Steps run in a chroot: no container runtime is needed. */
export async function buildImage(build: ImageBuild): Promise<void> {
  const args = Object.entries(build.buildArguments ?? {}).flatMap(([name, value]) => ['--build-arg', `${name}=${value}`]);
  await run('buildah', [
    ...storage,
    'build',
    '--isolation=chroot',
    // Steps whose input has not changed are taken from the storage.
    '--layers=true',
    '--pull=never',
    ...args,
    `--tag=${build.reference}`,
    `--file=${build.containerfile}`,
    build.context,
  ]);
}

/**
 * Writes a built image as an archive for `ctr images import`, in Docker's format: its layers are not compressed, and
 * compressing and expanding them would be most of the time.
 */
export async function exportImage(reference: string, archive: string): Promise<void> {
  await run('buildah', [...storage, 'push', '--quiet', reference, `docker-archive:${archive}:${reference}`]);
}

/** Does something with the files of a built image, which are below `root` meanwhile. */
export async function inImage<T>(reference: string, act: (root: string) => Promise<T>): Promise<T> {
  const container = (await run('buildah', [...storage, 'from', '--pull-never', reference])).trim();
  try {
    return await act((await run('buildah', [...storage, 'mount', container])).trim());
  } finally {
    await run('buildah', [...storage, 'rm', container]);
  }
}

/** True when the image is in the harness's storage. */
export async function hasImage(reference: string): Promise<boolean> {
  const names = await run('buildah', [...storage, 'images', '--quiet', '--filter', `reference=${reference}`]);
  return names.trim() !== '';
}
