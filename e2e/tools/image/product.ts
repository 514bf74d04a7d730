// The product's own image, from the compiled checkout and the repository's Containerfile.
import { copyFile, cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { cached, keepNewest } from '../cache';
import { run } from '../command';
import { checkout } from '../paths';
import { provideBaseImage } from './base';
import { buildImage, exportImage } from './buildah';
import { contentHash } from './contentHash';

/** An image in an archive, ready to be imported. */
export interface ImageArchive {
  readonly repository: string;
  readonly tag: string;
  readonly archive: string;
}

const nodePackage = `node-linux-${process.arch}`;
const object = join('build', 'ebpf', 'datapath.bpf.o');
const containerfile = join(checkout, 'Containerfile');
const inputs = ['dist', object, 'package.json', 'package-lock.json', 'Containerfile'];
const accelctl = '#!/bin/sh\nexec node /app/dist/operator/cli/main.js "$@"\n';

/**
 * Builds the image of what `make build` has compiled.
 * @throws when the checkout is not compiled
 */
export async function provideProductImage(): Promise<ImageArchive> {
  for (const input of inputs) {
    if (!existsSync(join(checkout, input))) throw new Error(`building the image: ${input} is missing; run make build first`);
  }
  const base = await provideBaseImage();
  const repository = 'localhost/sidecar-acceleration';
  const tag = await productVersion();
  const hash = contentHash([base, accelctl, process.arch], inputs.map((input) => join(checkout, input)));
  const { directory } = await cached(`image-product-${hash}`, async (directory) => {
    const context = join(directory, 'context');
    await stageContext(context);
    await buildImage({ reference: `${repository}:${tag}`, containerfile, context, buildArguments: { BASE: base } });
    await exportImage(`${repository}:${tag}`, join(directory, 'image.tar'));
    await rm(context, { recursive: true });
  });
  await keepNewest('image-product-', 3);
  return { repository, tag, archive: join(directory, 'image.tar') };
}

/**
 * Fills a build context for the Containerfile: also what a user with an image builder of their own needs. Times are
 * kept: they are part of a layer, and by them unchanged steps of the Containerfile are recognised.
 */
export async function stageContext(context: string): Promise<void> {
  const packages = await provideProductionPackages();
  await mkdir(join(context, 'app', 'build', 'ebpf'), { recursive: true });
  await writeFile(join(context, 'accelctl'), accelctl, { mode: 0o755 });
  // Thousands of files that only get read: linked instead of copied.
  await run('cp', ['--archive', '--link', join(packages, 'node'), join(packages, 'node_modules'), context]);
  await cp(join(checkout, 'dist'), join(context, 'app', 'dist'), { recursive: true, preserveTimestamps: true });
  await copyFile(join(checkout, object), join(context, 'app', object));
  await copyFile(join(checkout, 'package.json'), join(context, 'app', 'package.json'));
}

/** The packages that run in production, for this architecture, and Node itself beside them. */
async function provideProductionPackages(): Promise<string> {
  const lock = join(checkout, 'package-lock.json');
  const { directory } = await cached(`packages-${process.arch}-${contentHash([], [lock])}`, async (directory) => {
    await copyFile(lock, join(directory, 'package-lock.json'));
    await copyFile(join(checkout, 'package.json'), join(directory, 'package.json'));
    await run('npm', ['ci', '--omit=dev', '--prefer-offline', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'], { cwd: directory });
    const nodeModules = join(directory, 'node_modules');
    await copyFile(join(nodeModules, nodePackage, 'bin', 'node'), join(directory, 'node'));
    for (const each of [nodePackage, '.bin']) await rm(join(nodeModules, each), { recursive: true, force: true });
  });
  return directory;
}

async function productVersion(): Promise<string> {
  const manifest: unknown = JSON.parse(await readFile(join(checkout, 'package.json'), 'utf8'));
  return z.object({ version: z.string() }).parse(manifest).version;
}
