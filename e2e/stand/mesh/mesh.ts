// Deploys a mesh, reads its addresses, and waits until its pods can be reached through their sidecars.
import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import type { Cluster } from '../cluster/cluster';
import { apply } from '../cluster/manifests';
import { waitFor } from '../support/waitFor';
import type { V1Namespace, V1Pod } from '@kubernetes/client-node';
import { httpPort } from './pods';

/** Where a pod can be reached. */
export interface PodAddress {
  readonly namespace: string;
  readonly name: string;
  readonly ipv4: string;
  readonly ipv6: string;
}

/** Applies the manifests and waits until their pods are Ready. */
export async function deployMesh(cluster: Cluster, manifests: readonly (V1Namespace | V1Pod)[]): Promise<void> {
  await apply(cluster, manifests);
  const namespaces = new Set(manifests.filter((each) => each.kind === 'Pod').map((each) => each.metadata?.namespace ?? 'default'));
  for (const namespace of namespaces) {
    await cluster.kubectl(['wait', '--for=condition=Ready', 'pods', '--all', '-n', namespace, '--timeout=90s']);
  }
}

const interfacesSchema = z.array(z.object({ addr_info: z.array(z.object({ family: z.string(), local: z.string(), scope: z.string() }).partial()) }));

/** Reads the addresses inside the pod, because the cluster knows only those of one family. */
export async function podAddress(cluster: Cluster, namespace: string, name: string): Promise<PodAddress> {
  const output = await execInPod(cluster, namespace, name, ['ip', '-json', 'address', 'show', 'dev', 'eth0']);
  const addresses = interfacesSchema.parse(JSON.parse(output)).flatMap((each) => each.addr_info);
  const global = (family: string): string => {
    const found = addresses.find((each) => each.family === family && each.scope === 'global')?.local;
    if (found === undefined) throw new Error(`looking for an address of ${namespace}/${name}: it has none of family ${family}`);
    return found;
  };
  return { namespace, name, ipv4: global('inet'), ipv6: global('inet6') };
}

const whereabouts = 'jsonpath={.spec.nodeName} {.status.containerStatuses[?(@.name=="app")].containerID}';

/**
 * Runs a command in a pod's application container; see `run`. It goes directly to the node's container runtime: a stream through
 * API server and kubelet could break while a test disturbs these, and takes processor time from what is measured.
 */
export async function execInPod(cluster: Cluster, namespace: string, pod: string, command: readonly string[]): Promise<string> {
  const [nodeName, container = ''] = (await cluster.kubectl(['get', 'pod', '-n', namespace, pod, '-o', whereabouts])).split(' ');
  const node = cluster.nodes.find(({ name }) => name === nodeName);
  if (node === undefined) throw new Error(`running ${command[0] ?? ''} in ${namespace}/${pod}: it is on no node of this cluster`);
  const id = container.replace('containerd://', '');
  return node.run(cluster.tools.path('ctr'), ['-n', 'k8s.io', 'tasks', 'exec', `--exec-id=${randomUUID()}`, id, ...command]);
}

/** Waits until a request from `client` comes back from `server` through both sidecars. */
export async function reachable(cluster: Cluster, client: PodAddress, server: PodAddress): Promise<void> {
  await waitFor(`${client.namespace}/${client.name} to reach ${server.name}`, async () => {
    for (const host of [server.ipv4, `[${server.ipv6}]`]) {
      await execInPod(cluster, client.namespace, client.name, ['fortio', 'curl', '-quiet', `http://${host}:${httpPort}/`]);
    }
    return true;
  });
}
