// Finds the cgroup v2 directory that holds the pods of this node, which is where the programs are attached; never the root.
import { join } from 'node:path';
import { cgroup2Magic, type Host } from './host';

/** Where the whole cgroup v2 hierarchy is mounted: /sys/fs/cgroup, or its `unified` on hybrid hosts. */
export function cgroup2Mount(mountinfo: string): string | undefined {
  for (const line of mountinfo.split('\n')) {
    // id parent major:minor root mountpoint options [tags...] - type source options (proc_pid_mountinfo(5))
    const [left = '', right = ''] = line.split(' - ');
    const [, , , root, mountPoint] = left.split(' ');
    // A runtime may mount just the container's own part of the hierarchy: its root is not `/`.
    if (right.startsWith('cgroup2 ') && root === '/' && mountPoint !== undefined) return unescape(mountPoint);
  }
  return undefined;
}

/**
 * The part of a process's cgroup v2 path down to the directory of the pods: `kubepods` (cgroupfs driver),
 * `kubepods.slice` (systemd), or with a prefix and at any depth when the kubelet has a cgroupRoot.
 *
 * @param procCgroup content of /proc/PID/cgroup
 */
export function podsPath(procCgroup: string): string | undefined {
  const line = procCgroup.split('\n').find((entry) => entry.startsWith('0::/'));
  if (line === undefined) return undefined;
  const segments = line.slice('0::/'.length).split('/');
  const index = segments.findIndex((segment) => /^([\w.-]+-)?kubepods(\.slice)?$/.test(segment));
  // `..` appears when the reader is in a cgroup namespace of its own: the path does not start at the root then.
  if (index < 0 || segments.includes('..')) return undefined;
  return segments.slice(0, index + 1).join('/');
}

/**
 * @param pids processes of pods on this node, tried after the agent itself, which is a pod too
 * @returns an absolute path, or undefined when no process leads to a directory that exists
 */
export function findPodCgroup(host: Host, mount: string, pids: readonly number[]): string | undefined {
  for (const process of ['self', ...pids]) {
    const path = podsPath(host.read(`/proc/${process}/cgroup`) ?? '');
    if (path === undefined) continue;
    const directory = join(mount, path);
    if (host.isDirectory(directory) && host.fileSystem(directory) === cgroup2Magic) return directory;
  }
  return undefined;
}

/** mountinfo writes blanks and backslashes as octal. */
function unescape(path: string): string {
  return path.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
}
