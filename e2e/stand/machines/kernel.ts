// A kernel of Debian's archive, unpacked and kept in the cache: its image, and an initramfs with its modules, to which the tests are added later.
import { existsSync } from 'node:fs';
import { readdir, mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { cached } from '../../../release/tools/cache';
import { run } from '../../../release/tools/command';
import { Archive } from './archive';
import { kernelPackage, type KernelChoice } from './catalogue';
import { contentHash } from '../../../release/tools/contentHash';
import { init } from './init';
import { writeArchive } from './initramfs';

export interface Kernel extends KernelChoice {
  /** The version of Debian's package. */
  readonly version: string;
  readonly image: string;
  /** A cpio archive: busybox, the kernel's modules, init. */
  readonly initramfs: string;
}

/** The folders of modules that a node and these tests may need. All others are drivers and file systems. */
const wantedModules = ['net', 'crypto', 'lib', 'arch', 'block', 'drivers/virtio', 'drivers/block', 'drivers/char', 'drivers/net', 'fs/overlayfs'];

/** Finds the newest kernel of a series in Debian's archive. @throws when there is none */
export async function provideKernel(choice: KernelChoice): Promise<Kernel> {
  const archive = await Archive.open(choice.architecture);
  const name = kernelPackage(choice.architecture);
  const version = (await archive.versions(name)).find((each) => each.startsWith(choice.series));
  if (version === undefined) throw new Error(`looking for the kernel ${choice.name}: the archive has no ${name} of version ${choice.series}*`);
  const entry = await cached(`kernel-${choice.architecture}-${version}-${contentHash([init, ...wantedModules])}`, async (directory) => {
    await unpackKernel(archive, name, version, directory);
  });
  const path = (file: string): string => join(entry.directory, file);
  return { ...choice, version, image: path('vmlinuz'), initramfs: path('initramfs.cpio') };
}

async function unpackKernel(archive: Archive, name: string, version: string, directory: string): Promise<void> {
  const root = join(directory, 'root');
  const packages = join(directory, 'packages');
  await mkdir(packages);
  await archive.download([...(await realPackages(archive, name, version)), 'busybox-static'], packages);
  for (const file of await readdir(packages)) await run('dpkg-deb', ['--extract', join(packages, file), root]);
  await rename(await imageOf(root), join(directory, 'vmlinuz'));
  const staging = join(directory, 'initramfs');
  await stageInitramfs(root, staging);
  await writeArchive(staging, join(directory, 'initramfs.cpio'));
  for (const spent of [root, packages, staging]) await rm(spent, { recursive: true });
}

/** The packages with image and modules, one or several, that the package for the newest kernel depends on. */
async function realPackages(archive: Archive, name: string, version: string): Promise<string[]> {
  const parts = /^linux-(image|binary|modules)-\d/;
  const images = (await archive.dependencies(name, version)).filter((each) => parts.test(each));
  const further = await Promise.all(
    images.map(async (image) => (await archive.versions(image)).slice(0, 1).map((one) => archive.dependencies(image, one))),
  );
  const all = new Set([...images, ...(await Promise.all(further.flat())).flat().filter((each) => parts.test(each))]);
  if (all.size === 0) throw new Error(`unpacking ${name} ${version}: it depends on no kernel image`);
  return [...all];
}

async function stageInitramfs(root: string, staging: string): Promise<void> {
  const library = firstThere(root, ['usr/lib/modules', 'lib/modules']);
  const release = await onlyEntry(library);
  const target = join(staging, 'lib', 'modules', release);
  await mkdir(join(target, 'kernel'), { recursive: true });
  await mkdir(join(staging, 'bin'), { recursive: true });
  for (const list of ['modules.builtin', 'modules.builtin.modinfo', 'modules.order']) {
    await run('cp', ['-a', join(library, release, list), target]).catch(() => undefined); // may be missing: only depmod uses these lists
  }
  for (const folder of wantedModules) {
    const from = join(library, release, 'kernel', folder);
    await mkdir(join(target, 'kernel', folder), { recursive: true });
    await run('cp', ['-aT', from, join(target, 'kernel', folder)]).catch(() => undefined); // not every kernel has every folder
  }
  await run('depmod', ['-b', staging, release]);
  await run('cp', [firstThere(root, ['usr/bin/busybox', 'bin/busybox']), join(staging, 'bin', 'busybox')]);
  await writeFile(join(staging, 'init'), init, { mode: 0o755 });
}

/** The kernel's image is in /boot, or since 7.3 beside the modules. */
async function imageOf(root: string): Promise<string> {
  const files = await readdir(root, { recursive: true });
  const image = files.find((file) => /(^boot\/vmlinuz-|^usr\/lib\/modules\/[^/]+\/vmlinuz$)/.test(file));
  if (image === undefined) throw new Error('unpacking a kernel: its packages have no vmlinuz');
  return join(root, image);
}

/** The first of these paths that exists: whether /lib and /bin are links differs between releases. */
function firstThere(root: string, places: readonly string[]): string {
  const found = places.map((place) => join(root, place)).find((path) => existsSync(path));
  if (found === undefined) throw new Error(`unpacking a kernel: its packages have no ${places.join(' or ')}`);
  return found;
}

async function onlyEntry(directory: string): Promise<string> {
  const entries = await readdir(directory);
  const [entry] = entries;
  if (entry === undefined || entries.length > 1) throw new Error(`unpacking a kernel: ${directory} has ${entries.length} entries, expected one`);
  return entry;
}
