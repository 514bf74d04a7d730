// Breaks things on purpose: processes killed without warning, pods replaced.
import { z } from 'zod';
import type { Cluster } from '../cluster/cluster';
import type { Machine } from '../cluster/machine';

const podsSchema = z.object({
  items: z.array(
    z.object({
      metadata: z.object({ name: z.string() }),
      spec: z.object({ nodeName: z.string() }),
      status: z.object({ containerStatuses: z.array(z.object({ name: z.string(), containerID: z.string().default(''), ready: z.boolean() })).default([]) }),
    }),
  ),
});

/**
 * Kills the first process of a container with SIGKILL, as the kernel would when memory is short.
 * @param selector a label selector that matches pods; every one that matches is hit
 * @returns how many containers were killed
 */
export async function killContainers(cluster: Cluster, namespace: string, selector: string, container: string): Promise<number> {
  const { items } = podsSchema.parse(JSON.parse(await cluster.kubectl(['get', 'pods', '-n', namespace, '-l', selector, '-o', 'json'])));
  let killed = 0;
  for (const { spec, status } of items) {
    const running = status.containerStatuses.find(({ name }) => name === container);
    if (running === undefined) continue;
    const id = running.containerID.replace('containerd://', '');
    await nodeNamed(cluster, spec.nodeName).run(cluster.tools.path('ctr'), ['-n', 'k8s.io', 'tasks', 'kill', '-s', 'SIGKILL', id]);
    killed += 1;
  }
  return killed;
}

/** The ids of the containers of that name which run now, in all pods that match: a restarted container has a new one. */
export async function runningContainers(cluster: Cluster, namespace: string, selector: string, container: string): Promise<string[]> {
  const { items } = podsSchema.parse(JSON.parse(await cluster.kubectl(['get', 'pods', '-n', namespace, '-l', selector, '-o', 'json'])));
  const statuses = items.flatMap(({ status }) => status.containerStatuses).filter((status) => status.name === container && status.ready);
  return statuses.map(({ containerID }) => containerID);
}

/** Deletes the pods that match and waits until they are gone; whoever owns them makes new ones. */
export function replacePods(cluster: Cluster, namespace: string, selector: string): Promise<string> {
  return cluster.kubectl(['delete', 'pods', '-n', namespace, '-l', selector, '--wait', '--timeout=90s']);
}

/** @throws when the cluster has no such node */
export function nodeNamed(cluster: Cluster, name: string): Machine {
  const node = cluster.nodes.find((each) => each.name === name);
  if (node === undefined) throw new Error(`looking for node ${name}: the cluster has ${cluster.nodes.map((each) => each.name).join(' ')}`);
  return node;
}
