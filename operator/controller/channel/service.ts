// A Service of the controller's own: where agents reach it, and what other objects of its belong to.
import { z } from 'zod';
import type { KubeClient } from '../../kube';
import { channelPort } from '../render';

export interface OwnService {
  /** `address:port`, IPv6 in brackets: the cluster address, so that nodes need no cluster DNS. */
  readonly address: string;
  /** An ownerReference to it: what carries it goes with the Service. */
  readonly owner: { readonly apiVersion: 'v1'; readonly kind: 'Service'; readonly name: string; readonly uid: string };
}

const service = z.object({
  metadata: z.object({ uid: z.string().min(1) }),
  spec: z.object({ clusterIP: z.string().min(1).refine((ip) => ip !== 'None', 'the Service is headless') }),
});

/** Throws while the Service has no cluster address. */
export async function ownService(client: KubeClient, namespace: string, name: string): Promise<OwnService> {
  const found = service.safeParse(await client.request('GET', `/api/v1/namespaces/${namespace}/services/${name}`));
  if (!found.success) throw new Error(`read Service ${namespace}/${name}: it has no cluster address; the chart makes it with one`);
  const { metadata, spec } = found.data;
  const host = spec.clusterIP.includes(':') ? `[${spec.clusterIP}]` : spec.clusterIP;
  return { address: `${host}:${channelPort}`, owner: { apiVersion: 'v1', kind: 'Service', name, uid: metadata.uid } };
}
