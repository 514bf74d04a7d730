// Installs the Debian packages that are missing, in one apt run, without letting any of them start a service.
import { existsSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from './command';

/** A package, and a file that shows it (or an equal from elsewhere) is there. */
interface DebianPackage {
  readonly name: string;
  /** A program looked up on PATH and in the sbin directories, or an absolute path. */
  readonly provides: string;
  /** True for what compiling the product needs; the rest is for running a cluster. */
  readonly compiles?: true;
  /** True for what only the tests on other kernels need. */
  readonly emulates?: true;
  /** True for other people's programs that are run through the mesh. */
  readonly tried?: true;
  /** True for what only the witnesses of e2e/readers need. */
  readonly reads?: true;
}

/**
 * Which packages: those that compiling the product needs; all for running it on this machine's kernel; with other people's
 * programs besides; with those and what more the witnesses of e2e/readers need; or with what tests on other kernels need besides.
 */
export type PackageSelection = 'build' | 'all' | 'programs' | 'readers' | 'kernels';

const packages: readonly DebianPackage[] = [
  { name: 'bpftool', provides: 'bpftool', compiles: true },
  { name: 'buildah', provides: 'buildah' },
  { name: 'ca-certificates', provides: '/etc/ssl/certs/ca-certificates.crt' },
  { name: 'chromium', provides: 'chromium' },
  { name: 'clang', provides: 'clang', compiles: true },
  { name: 'containernetworking-plugins', provides: '/usr/lib/cni/bridge' },
  { name: 'cpio', provides: 'cpio', emulates: true },
  { name: 'curl', provides: 'curl', tried: true },
  { name: 'default-jdk-headless', provides: 'javac', reads: true },
  { name: 'e2fsprogs', provides: 'mke2fs', emulates: true },
  { name: 'etcd-server', provides: 'etcd' },
  { name: 'fish', provides: 'fish' },
  { name: 'gcc-aarch64-linux-gnu', provides: 'aarch64-linux-gnu-gcc', emulates: true },
  { name: 'gnupg', provides: 'gpg' },
  { name: 'haproxy', provides: 'haproxy', tried: true },
  { name: 'iperf3', provides: 'iperf3', tried: true },
  { name: 'iproute2', provides: 'ip' },
  { name: 'iptables', provides: 'iptables' },
  { name: 'kmod', provides: 'depmod', emulates: true },
  { name: 'libbpf-dev', provides: '/usr/include/bpf/bpf_helpers.h', compiles: true },
  { name: 'libc6-dev-arm64-cross', provides: '/usr/aarch64-linux-gnu/include/stdio.h', emulates: true },
  { name: 'llvm', provides: 'llvm-strip', compiles: true },
  { name: 'lua5.1', provides: 'lua5.1' },
  { name: 'mariadb-server', provides: 'mariadbd', reads: true },
  { name: 'maven', provides: 'mvn', reads: true },
  { name: 'memcached', provides: 'memcached', reads: true },
  { name: 'mmdebstrap', provides: 'mmdebstrap' },
  { name: 'nftables', provides: 'nft' },
  { name: 'nginx', provides: 'nginx' },
  { name: 'openssl', provides: 'openssl' },
  { name: 'postgresql', provides: 'pg_createcluster', tried: true },
  { name: 'prometheus', provides: 'promtool' },
  { name: 'procps', provides: 'sysctl' },
  { name: 'python3', provides: 'python3' },
  { name: 'python3-pip', provides: 'pip3' },
  { name: 'qemu-system-arm', provides: 'qemu-system-aarch64', emulates: true },
  { name: 'qemu-system-x86', provides: 'qemu-system-x86_64', emulates: true },
  { name: 'redis-server', provides: 'redis-server', tried: true },
  { name: 'redis-tools', provides: 'redis-benchmark', tried: true },
  { name: 'runc', provides: 'runc' },
  { name: 'xz-utils', provides: 'xz' },
  { name: 'zsh', provides: 'zsh' },
];

const searchPath = [...(process.env['PATH'] ?? '').split(':'), '/usr/sbin', '/sbin'];

/** The names of the packages that this machine lacks. */
export function missingPackages(selection: PackageSelection = 'all'): string[] {
  const wanted = packages.filter((each) => {
    if (selection === 'build') return each.compiles === true;
    if (each.reads === true) return selection === 'readers';
    if (each.tried === true) return selection === 'programs' || selection === 'readers';
    return each.emulates === true ? selection === 'kernels' : true;
  });
  return wanted.filter((each) => !isProvided(each.provides)).map((each) => each.name);
}

/**
 * Installs the given packages.
 * @throws CommandError with apt's last words, for instance when not root or without a package mirror
 */
export async function installPackages(names: readonly string[], logFile: string): Promise<void> {
  const env = { DEBIAN_FRONTEND: 'noninteractive' };
  await run('apt-get', ['update', '-q'], { env, logFile });
  await withoutServices(() =>
    run('apt-get', ['install', '-q', '-y', '--no-install-recommends', ...names], { env, logFile }),
  );
}

/** Lets no package start its service meanwhile (etcd's would hold 2379): a policy of our own unless one is in force. */
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
