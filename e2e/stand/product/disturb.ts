// Disturbs a cluster on purpose: kills containers without warning and replaces pods.
import { z } from 'zod';
import type { Cluster } from '../cluster/cluster';
import type { Machine } from '../cluster/machine';

const podsSchema = z.object({
  items: z.array(
    z.object({
      metadata: z.object({ name: z.string() }),
      spec: z.object({ nodeName: z.string() }),
      status: z.object({
        containerStatuses: z.array(z.object({ name: z.string(), containerID: z.string().default(''), ready: z.boolean() })).default([]),
      }),
    }),
  ),
});

/**
 * Kills the first process of a container with SIGKILL, as the kernel does when memory is short.
 * @param selector a label selector; the container is killed in every pod that matches
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

/** The ids of the running containers of this name in all pods that match. A restarted container has a new id. */
export async function runningContainers(cluster: Cluster, namespace: string, selector: string, container: string): Promise<string[]> {
  const { items } = podsSchema.parse(JSON.parse(await cluster.kubectl(['get', 'pods', '-n', namespace, '-l', selector, '-o', 'json'])));
  const statuses = items.flatMap(({ status }) => status.containerStatuses).filter((status) => status.name === container && status.ready);
  return statuses.map(({ containerID }) => containerID);
}

/** Deletes the pods that match and waits until they are gone; their DaemonSet or Deployment makes new ones. */
export function replacePods(cluster: Cluster, namespace: string, selector: string): Promise<string> {
  return cluster.kubectl(['delete', 'pods', '-n', namespace, '-l', selector, '--wait', '--timeout=90s']);
}

/** The node of this name. @throws when the cluster has none */
export function nodeNamed(cluster: Cluster, name: string): Machine {
  const node = cluster.nodes.find((each) => each.name === name);
  if (node === undefined) throw new Error(`looking for node ${name}: the cluster has ${cluster.nodes.map((each) => each.name).join(' ')}`);
  return node;
}
