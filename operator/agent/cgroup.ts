// Finds the cgroup v2 directory of the node's pods, to which the programs are attached. It is never the root of the hierarchy.
import { join } from 'node:path';
import { cgroup2Magic, type Host } from './host';

/**
 * The mount point of the whole cgroup v2 hierarchy: /sys/fs/cgroup, or its `unified` on hybrid hosts.
 * @param mountinfo content of /proc/PID/mountinfo
 */
export function cgroup2Mount(mountinfo: string): string | undefined {
  for (const line of mountinfo.split('\n')) {
    // id parent major:minor root mountpoint options [tags...] - type source options (proc_pid_mountinfo(5))
    const [left = '', right = ''] = line.split(' - ');
    const [, , , root, mountPoint] = left.split(' ');
    // A runtime may mount only the container's part of the hierarchy; the root of such a mount is not `/`.
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
  // `..` appears when this process is in another cgroup namespace; the path then does not start at the root.
  if (index < 0 || segments.includes('..')) return undefined;
  return segments.slice(0, index + 1).join('/');
}

/**
 * Finds the pods' directory by the cgroup of this process, which is in a pod too, or of the given processes.
 * @param mount mount point of the cgroup v2 hierarchy
 * @param pids processes of pods on this node
 * @returns an absolute path; undefined when no process leads to an existing directory
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

/** A path of mountinfo, which has blanks and backslashes as octal numbers. */
function unescape(path: string): string {
  return path.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
}
