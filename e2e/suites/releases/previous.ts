// The previous release. It is kept as an archive in the tree, because a fresh clone can get its image neither from git nor from a registry.
import { mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { cached, keepNewest } from '../../../release/tools/cache';
import { run } from '../../../release/tools/command';
import { provideBaseImage } from '../../../release/image/base';
import { buildImage, exportImage } from '../../../release/image/buildah';
import { contentHash } from '../../../release/tools/contentHash';
import { linkPackages, provideProductionPackages } from '../../../release/image/productionPackages';
import type { Release } from './release';

/** The archive that keep.ts makes: chart/, Containerfile, package.json, package-lock.json, and context/ without npm packages. */
export const previousArchive = join(__dirname, 'previous.tar.xz');

/** Builds the image of the previous release with that release's Containerfile, once for each archive. */
export async function providePreviousRelease(): Promise<Release & { readonly archive: string }> {
  const base = await provideBaseImage();
  const [repository, tag] = ['localhost/sidecar-acceleration', 'previous'];
  const { directory } = await cached(`image-previous-${contentHash([base, process.arch], [previousArchive])}`, async (directory) => {
    const unpacked = join(directory, 'unpacked');
    await mkdir(unpacked);
    await run('tar', ['-xJf', previousArchive, '-C', unpacked]);
    await linkPackages(await provideProductionPackages(unpacked), join(unpacked, 'context'));
    const containerfile = join(unpacked, 'Containerfile');
    await buildImage({ reference: `${repository}:${tag}`, containerfile, context: join(unpacked, 'context'), buildArguments: { BASE: base } });
    await exportImage(`${repository}:${tag}`, join(directory, 'image.tar'));
    await rename(join(unpacked, 'chart'), join(directory, 'chart'));
    await rm(unpacked, { recursive: true });
  });
  await keepNewest('image-previous-', 2);
  return { repository, tag, chart: join(directory, 'chart'), archive: join(directory, 'image.tar') };
}
