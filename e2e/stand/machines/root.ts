// The guest's root file system: a small Debian with the programs that tests call, Node and the npm packages.
import { copyFile, mkdir, rm, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { cached, keepNewest } from '../../../release/tools/cache';
import { run } from '../../../release/tools/command';
import { contentHash } from '../../../release/tools/contentHash';
import { checkout } from '../../../release/tools/paths';
import { debianRelease } from '../../../release/tools/versions';
import { architectures, type Architecture } from './catalogue';
import { guestCheckout, guestPackages } from './init';

const packages = [
  'base-files',
  'base-passwd',
  'bash',
  'bpftool',
  'coreutils',
  'dash',
  'findutils',
  'grep',
  'iproute2',
  'iptables',
  'kmod',
  'libbpf1',
  'libc-bin',
  'libstdc++6',
  'mount',
  'nftables',
  'nginx',
  'procps',
  'python3',
  'sed',
  'util-linux',
];
const directories = [guestCheckout, 'lib/modules', 'proc', 'sys', 'dev', 'tmp', 'run', 'var/tmp', 'usr/local/bin'];

/** Finds the disk in the cache or makes it. Packages are only unpacked, so no program of another architecture has to run. */
export async function provideRoot(architecture: Architecture): Promise<string> {
  const lock = join(checkout, 'package-lock.json');
  const name = `kernel-guest-${architecture}-`;
  const { directory } = await cached(`${name}${contentHash([debianRelease, ...packages, ...directories], [lock])}`, async (directory) => {
    const root = join(directory, 'root');
    await unpackDebian(architecture, directory, root);
    await installPackages(architecture, join(root, guestPackages));
    await symlink(`${guestPackages}/node_modules/node-linux-${architecture}/bin/node`, join(root, 'usr/local/bin/node'));
    await makeDisk(root, join(directory, 'disk.img'));
    await rm(root, { recursive: true });
  });
  await keepNewest(name, 2);
  return join(directory, 'disk.img');
}

async function unpackDebian(architecture: Architecture, directory: string, root: string): Promise<void> {
  const archive = join(directory, 'root.tar');
  await run('mmdebstrap', [
    '--quiet',
    '--variant=extract',
    `--architectures=${architectures[architecture]}`,
    '--hook-dir=/usr/share/mmdebstrap/hooks/merged-usr',
    `--include=${packages.join(',')}`,
    debianRelease,
    archive,
  ]);
  await mkdir(root);
  await run('tar', ['--extract', '--file', archive, '--directory', root]);
  await rm(archive);
  // The packages' installation scripts do not run. Here is the part of their work that the guest needs.
  for (const file of ['passwd', 'group']) await copyFile(join(root, `usr/share/base-passwd/${file}.master`), join(root, 'etc', file));
  for (const each of directories) await mkdir(join(root, each), { recursive: true });
}

async function installPackages(architecture: Architecture, target: string): Promise<void> {
  await mkdir(target);
  for (const file of ['package.json', 'package-lock.json']) await copyFile(join(checkout, file), join(target, file));
  const foreign = ['--os=linux', '--libc=glibc', `--cpu=${architecture}`];
  await run('npm', ['ci', '--prefer-offline', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error', ...foreign], { cwd: target });
}

/** Makes the disk with ext2, which the ext4 driver of every kernel can read; mke2fs of this machine may give ext4 features that old kernels lack. */
async function makeDisk(root: string, disk: string): Promise<void> {
  await run('mke2fs', ['-q', '-t', 'ext2', '-m', '0', '-d', root, disk, '2G'], { env: { PATH: `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin` } });
}
