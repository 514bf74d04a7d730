// For tests: a host that meets every requirement of the datapath; tests remove some of them.
import { bpffsMagic, cgroup2Magic, type Host } from './host';

export class ScriptedHost implements Host {
  release = '6.6.0';
  bpffs = true;
  readonly directories = new Set(['/sys/fs/cgroup/kubepods']);
  readonly pinned: string[] = [];
  readonly processes = ['1', '7', 'self'];
  readonly files = new Map([
    ['/sys/kernel/btf/vmlinux', 'types'],
    ['/proc/self/mountinfo', '31 23 0:28 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw'],
    ['/proc/self/status', 'CapEff:\t000001ffffffffff\n'],
    ['/proc/7/ns/net', ''],
    ['/proc/self/cgroup', '0::/kubepods/burstable/pod1/c1'],
  ]);

  kernel = (): string => this.release;
  read = (path: string): string | undefined => this.files.get(path);
  readable = (path: string): boolean => this.files.has(path);
  isDirectory = (path: string): boolean => this.directories.has(path);
  list = (path: string): string[] => (path === '/proc' ? this.processes : this.pinned);
  fileSystem = (path: string): number => (path.startsWith('/sys/fs/cgroup') ? cgroup2Magic : this.bpffs ? bpffsMagic : 0);
}
