// The kernel time of a cluster's pods: the system time of their cgroups, network softirqs included.
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Cluster } from '../cluster/cluster';

const root = '/sys/fs/cgroup';
const unified = existsSync(join(root, 'cgroup.controllers')) ? root : join(root, 'unified');

/**
 * The kernel time so far of all pods of all nodes, in microseconds. Unlike /proc/stat it does not include other
 * programs of this machine. (Loopback and veth deliver packets in the sender's context, so nearly all softirq time
 * is charged to the pod that sends; kernel/sched/cputime.c counts it as system time of the cgroup.)
 */
export async function kernelTimeUs(cluster: Cluster): Promise<number> {
  const times = cluster.nodes.map(async ({ name }) => {
    const statistics = await readFile(join(unified, cluster.cgroup(name), 'kubepods', 'cpu.stat'), 'utf8');
    return Number(/^system_usec (\d+)$/m.exec(statistics)?.[1] ?? Number.NaN);
  });
  return (await Promise.all(times)).reduce((sum, each) => sum + each, 0);
}
