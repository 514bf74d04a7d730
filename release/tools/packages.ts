// Installs missing Debian packages in one run of apt, without starting any of their services.
import { existsSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from './command';

/** A package, and a file by which it counts as installed, also when the file is from elsewhere. */
export interface DebianPackage {
  readonly name: string;
  /** A program looked up on PATH and in the sbin directories, or an absolute path. */
  readonly provides: string;
}

/** The packages for compiling the product. */
export const compilerPackages: readonly DebianPackage[] = [
  { name: 'bpftool', provides: 'bpftool' },
  { name: 'clang', provides: 'clang' },
  { name: 'clang-format-14', provides: 'clang-format-14' },
  { name: 'libbpf-dev', provides: '/usr/include/bpf/bpf_helpers.h' },
  { name: 'llvm', provides: 'llvm-strip' },
];

/** Further packages for building the product's image. */
export const imagePackages: readonly DebianPackage[] = [
  { name: 'buildah', provides: 'buildah' },
  { name: 'ca-certificates', provides: '/etc/ssl/certs/ca-certificates.crt' },
  { name: 'mmdebstrap', provides: 'mmdebstrap' },
];

const searchPath = [...(process.env['PATH'] ?? '').split(':'), '/usr/sbin', '/sbin'];

/** The names of the packages that this machine lacks. */
export function missingOf(packages: readonly DebianPackage[]): string[] {
  return packages.filter((each) => !isProvided(each.provides)).map((each) => each.name);
}

/**
 * Installs the given packages.
 * @throws CommandError with the last output of apt, for instance when not root or without a package mirror
 */
export async function installPackages(names: readonly string[], logFile: string): Promise<void> {
  const env = { DEBIAN_FRONTEND: 'noninteractive' };
  await run('apt-get', ['update', '-q'], { env, logFile });
  await withoutServices(() => run('apt-get', ['install', '-q', '-y', '--no-install-recommends', ...names], { env, logFile }));
}

/** Keeps packages from starting their services, for example etcd at port 2379: sets a policy-rc.d while `install` runs, unless one exists. */
async function withoutServices(install: () => Promise<unknown>): Promise<void> {
  const policy = '/usr/sbin/policy-rc.d';
  const ours = !existsSync(policy);
  if (ours) await writeFile(policy, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
  try {
    await install();
  } finally {
    if (ours) await rm(policy, { force: true });
  }
}

function isProvided(provides: string): boolean {
  if (provides.startsWith('/')) return existsSync(provides);
  return searchPath.some((directory) => existsSync(join(directory, provides)));
}
