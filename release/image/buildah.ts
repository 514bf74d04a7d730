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

// Images have a storage of their own in the cache directory, apart from the images of other users of buildah.
const storage = ['--root', join(cacheDirectory, 'buildah'), '--runroot', join(cacheDirectory, 'buildah-run')];

/** Builds an image into that storage. Its steps run in a chroot, so no container runtime is needed. */
export async function buildImage(build: ImageBuild): Promise<void> {
  const args = Object.entries(build.buildArguments ?? {}).flatMap(([name, value]) => ['--build-arg', `${name}=${value}`]);
  await run('buildah', [
    ...storage,
    'build',
    '--isolation=chroot',
    // Takes the results of steps from the storage when their input has not changed.
    '--layers=true',
    '--pull=never',
    ...args,
    `--tag=${build.reference}`,
    `--file=${build.containerfile}`,
    build.context,
  ]);
}

/**
 * Writes a built image as an archive for `ctr images import`. In Docker's format layers are not compressed, which saves most of the time
 * of writing and importing.
 */
export async function exportImage(reference: string, archive: string): Promise<void> {
  await run('buildah', [...storage, 'push', '--quiet', reference, `docker-archive:${archive}:${reference}`]);
}

/** Mounts the files of a built image at `root` while `act` runs. */
export async function inImage<T>(reference: string, act: (root: string) => Promise<T>): Promise<T> {
  const container = (await run('buildah', [...storage, 'from', '--pull-never', reference])).trim();
  try {
    return await act((await run('buildah', [...storage, 'mount', container])).trim());
  } finally {
    await run('buildah', [...storage, 'rm', container]);
  }
}

/** True when the image is in that storage. */
export async function hasImage(reference: string): Promise<boolean> {
  const names = await run('buildah', [...storage, 'images', '--quiet', '--filter', `reference=${reference}`]);
  return names.trim() !== '';
}
