// The Debian packages that tests need: for a cluster, for other people's programs, and for other kernels.
import { compilerPackages, imagePackages, missingOf, type DebianPackage } from '../../../release/tools/packages';

interface TestPackage extends DebianPackage {
  /** True for a package that only the tests on other kernels need. */
  readonly emulates?: true;
  /** True for a package of other people's programs that tests run through the mesh. */
  readonly tried?: true;
  /** True for a package that only e2e/suites/readers needs. */
  readonly reads?: true;
}

/**
 * A selection of packages. `all`: for compiling the product and running it on this machine's kernel. The others have more: `programs` other
 * people's programs, `readers` those and the packages of e2e/suites/readers, `kernels` the packages for tests on other kernels.
 */
export type PackageSelection = 'all' | 'programs' | 'readers' | 'kernels';

const packages: readonly TestPackage[] = [
  { name: 'chromium', provides: 'chromium' },
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
  { name: 'libc6-dev-arm64-cross', provides: '/usr/aarch64-linux-gnu/include/stdio.h', emulates: true },
  { name: 'lua5.1', provides: 'lua5.1' },
  { name: 'mariadb-server', provides: 'mariadbd', reads: true },
  { name: 'maven', provides: 'mvn', reads: true },
  { name: 'memcached', provides: 'memcached', reads: true },
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

/** The names of the selected packages that this machine lacks. */
export function missingPackages(selection: PackageSelection = 'all'): string[] {
  const wanted = packages.filter((each) => {
    if (each.reads === true) return selection === 'readers';
    if (each.tried === true) return selection === 'programs' || selection === 'readers';
    return each.emulates === true ? selection === 'kernels' : true;
  });
  return missingOf([...compilerPackages, ...imagePackages, ...wanted]);
}
