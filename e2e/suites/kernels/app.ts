// The guest's checkout: compiled files and the files that they need, packed as the second half of an initramfs.
import { cp, copyFile, mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { run } from '../../../release/tools/command';
import { buildDirectory, checkout } from '../../../release/tools/paths';
import type { Architecture } from '../../stand/machines/catalogue';
import { guestCheckout } from '../../stand/machines/init';
import { writeArchive } from '../../stand/machines/initramfs';
import type { Plan } from './plan';

const compiled = join(buildDirectory, 'kernels', 'app');
const object = join('build', 'ebpf', 'datapath.bpf.o');
const trial = join('build', 'ebpf', 'trial.bpf.o');
const probe = join('build', 'conformance', 'probe');
/** Folders whose other files are copied: the compiler takes only their TypeScript. */
const folders = [join('ebpf', 'tests'), join('e2e', 'suites', 'conformance'), join('e2e', 'suites', 'readers')];

/**
 * Compiles once for all kernels of a run, so that edits during the run have no effect.
 * @param datapath the datapath's object; that of this checkout unless given
 */
export async function compileApp(datapath = join(checkout, object)): Promise<void> {
  await rm(compiled, { recursive: true, force: true });
  await run('tsc', ['-p', join(__dirname, 'tsconfig.guest.json')]);
  for (const folder of folders) await copyOthers(join(checkout, folder));
  await copyInto(compiled, 'package.json');
  await copyTo(join(compiled, object), datapath);
  await copyInto(compiled, trial);
}

/**
 * @param probeProgram the conformance suite's program for the guest's architecture
 * @returns the path of a cpio archive
 */
export async function packApp(name: string, plan: Plan, probeProgram: string): Promise<string> {
  const staging = join(buildDirectory, 'kernels', name);
  await rm(staging, { recursive: true, force: true });
  const target = join(staging, guestCheckout);
  await cp(compiled, target, { recursive: true });
  await copyTo(join(target, probe), probeProgram);
  await writeFile(join(target, 'plan.json'), JSON.stringify(plan));
  const archive = `${staging}.cpio`;
  await writeArchive(staging, archive);
  await rm(staging, { recursive: true });
  return archive;
}

/** The path of the conformance suite's program. For another architecture than this machine's it is compiled here. */
export async function provideProbe(architecture: Architecture): Promise<string> {
  if (architecture === process.arch) return join(checkout, probe);
  const folder = join(checkout, 'e2e', 'suites', 'conformance', 'probe');
  const sources = (await readdir(folder, { recursive: true })).filter((file) => file.endsWith('.c')).map((file) => join(folder, file));
  const target = join(buildDirectory, 'kernels', `probe-${architecture}`);
  const compiler = { arm64: 'aarch64-linux-gnu-gcc', x64: 'x86_64-linux-gnu-gcc' }[architecture];
  const flags = ['-std=gnu11', '-O2', '-static', '-pthread', '-Wno-missing-field-initializers'];
  await run(compiler, [...flags, ...sources, '-o', target]);
  return target;
}

async function copyOthers(folder: string): Promise<void> {
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    if (entry.isFile() && !/\.[ch]$|\.ts$/.test(entry.name)) await copyInto(compiled, relative(checkout, path));
  }
}

async function copyInto(target: string, file: string): Promise<void> {
  await copyTo(join(target, file), join(checkout, file));
}

async function copyTo(target: string, file: string): Promise<void> {
  if (!existsSync(file)) throw new Error(`pack the guest's checkout: ${file} is missing; run make build first`);
  await mkdir(dirname(target), { recursive: true });
  await copyFile(file, target);
}
