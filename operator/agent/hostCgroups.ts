// Enters the host's cgroup namespace. On cgroup v2, runtimes give an unprivileged container its own cgroup namespace, in which paths of
// cgroups begin at the container.
import { closeSync, openSync } from 'node:fs';
import { enterNamespace } from './datapath/setns';

/** CLONE_NEWCGROUP of include/uapi/linux/sched.h. */
const cgroupNamespace = 0x02000000;
const hostFile = '/proc/1/ns/cgroup';

/**
 * Lets this thread, which does all reads of /proc, see paths of cgroups from the root of the host's hierarchy.
 * @returns why that failed, in one line. A container that shares the host's cgroup namespace works all the same.
 */
export function enterHostCgroups(): string | undefined {
  try {
    const host = openSync(hostFile, 'r');
    const failed = enterNamespace(host, cgroupNamespace);
    closeSync(host);
    return failed === undefined ? undefined : `enter the cgroup namespace of the host: ${failed}`;
  } catch (error) {
    return `enter the cgroup namespace of the host: ${(error as Error).message}`;
  }
}
