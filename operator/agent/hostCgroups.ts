// Runtimes give a container that is not privileged a cgroup namespace of its own on cgroup v2, where paths begin at the container.
import { closeSync, openSync } from 'node:fs';
import { enterNamespace } from './datapath/setns';

/** CLONE_NEWCGROUP of include/uapi/linux/sched.h. */
const cgroupNamespace = 0x02000000;
const hostFile = '/proc/1/ns/cgroup';

/**
 * Lets this thread, which reads all that is read of /proc, see paths of cgroups from the root of the host's hierarchy.
 * @returns why that cannot be, in one line: where the container shares the host's namespace, all goes on as well
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
