// Builds the product's image from the compiled checkout and the Containerfile at its root.
import { copyFile, cp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { cached, keepNewest } from '../tools/cache';
import { checkout } from '../tools/paths';
import { provideBaseImage } from './base';
import { buildImage, exportImage, inImage } from './buildah';
import { contentHash } from '../tools/contentHash';
import { linkPackages, provideProductionPackages } from './productionPackages';
import { billOfMaterials } from './sbom';

/** An archive with an image, ready to be imported. */
export interface ImageArchive {
  readonly repository: string;
  readonly tag: string;
  readonly archive: string;
  /** Path of the bill of materials, a file beside the archive. */
  readonly sbom: string;
}

const objects = ['datapath.bpf.o', 'trial.bpf.o'].map((name) => join('build', 'ebpf', name));
const containerfile = join(checkout, 'Containerfile');
const sbomFile = 'sbom.cdx.json';
const libraries = join('release', 'image', 'libraries.sh');
const inputs = ['dist', ...objects, 'package.json', 'package-lock.json', 'Containerfile', libraries];
// A script for Node.js, because the image has no shell.
const accelctl = "#!/usr/local/bin/node\nrequire('/app/dist/operator/cli/main.js');\n";

/**
 * Builds the image from what `make build` has compiled.
 * @throws when the checkout is not compiled
 */
export async function provideProductImage(): Promise<ImageArchive> {
  for (const input of inputs) {
    if (!existsSync(join(checkout, input))) throw new Error(`building the image: ${input} is missing; run make build first`);
  }
  const base = await provideBaseImage();
  const repository = 'localhost/sidecar-acceleration';
  const tag = await productVersion();
  const hash = contentHash(
    [base, accelctl, process.arch],
    inputs.map((input) => join(checkout, input)),
  );
  const { directory } = await cached(`image-product-${hash}`, async (directory) => {
    const context = join(directory, 'context');
    await stageContext(context);
    await buildImage({ reference: `${repository}:${tag}`, containerfile, context, buildArguments: { BASE: base } });
    await exportImage(`${repository}:${tag}`, join(directory, 'image.tar'));
    await writeFile(join(directory, sbomFile), await billOf(`${repository}:${tag}`, tag));
    await rm(context, { recursive: true });
  });
  await keepNewest('image-product-', 3);
  return { repository, tag, archive: join(directory, 'image.tar'), sbom: join(directory, sbomFile) };
}

/**
 * Fills the build context for the Containerfile, which a user can also build with another image builder. Modification times are
 * kept: they are part of a layer, and the builder recognises unchanged steps by them.
 */
async function stageContext(context: string): Promise<void> {
  await stageProduct(context, checkout);
  await linkPackages(await provideProductionPackages(checkout), context);
}

/** Copies the product's files into a build context. */
export async function stageProduct(context: string, compiled: string): Promise<void> {
  await mkdir(join(context, 'app', 'build', 'ebpf'), { recursive: true });
  await writeFile(join(context, 'accelctl'), accelctl, { mode: 0o755 });
  await copyFile(join(checkout, libraries), join(context, 'libraries.sh'));
  await cp(join(compiled, 'dist'), join(context, 'app', 'dist'), { recursive: true, preserveTimestamps: true });
  // An earlier release may not have every object.
  for (const object of objects) if (existsSync(join(compiled, object))) await copyFile(join(compiled, object), join(context, 'app', object));
  await copyFile(join(compiled, 'package.json'), join(context, 'app', 'package.json'));
}

/** Writes the bill of materials from the lock file and from dpkg's records in the built image. */
async function billOf(reference: string, version: string): Promise<string> {
  const lock = await readFile(join(checkout, 'package-lock.json'), 'utf8');
  const debian = await inImage(reference, async (root) => {
    const status = join(root, 'var', 'lib', 'dpkg', 'status.d');
    return Promise.all((await readdir(status)).sort().map((name) => readFile(join(status, name), 'utf8')));
  });
  return billOfMaterials({ version, lock, architecture: process.arch, debian });
}

async function productVersion(): Promise<string> {
  const manifest: unknown = JSON.parse(await readFile(join(checkout, 'package.json'), 'utf8'));
  return z.object({ version: z.string() }).parse(manifest).version;
}
