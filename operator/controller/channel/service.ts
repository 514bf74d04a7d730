// Reads a Service of the controller: its address for agents, and the owner reference for objects that are deleted with it.
import { z } from 'zod';
import type { KubeClient } from '../../kube';
import { channelPort } from '../render';

export interface OwnService {
  /** `address:port` with the ClusterIP, IPv6 in brackets, so that agents need no cluster DNS. */
  readonly address: string;
  /** An ownerReference to the Service. */
  readonly owner: { readonly apiVersion: 'v1'; readonly kind: 'Service'; readonly name: string; readonly uid: string };
}

const service = z.object({
  metadata: z.object({ uid: z.string().min(1) }),
  spec: z.object({
    clusterIP: z
      .string()
      .min(1)
      .refine((ip) => ip !== 'None', 'the Service is headless'),
  }),
});

/** Reads the Service. @throws ApiError, and Error when the Service has no ClusterIP */
export async function ownService(client: KubeClient, namespace: string, name: string): Promise<OwnService> {
  const found = service.safeParse(await client.request('GET', `/api/v1/namespaces/${namespace}/services/${name}`));
  if (!found.success) throw new Error(`read Service ${namespace}/${name}: it has no ClusterIP; install the chart again, which creates it with one`);
  const { metadata, spec } = found.data;
  const host = spec.clusterIP.includes(':') ? `[${spec.clusterIP}]` : spec.clusterIP;
  return { address: `${host}:${channelPort}`, owner: { apiVersion: 'v1', kind: 'Service', name, uid: metadata.uid } };
}
