// Where agents reach the controller: the cluster address of its Service, so that nodes need no cluster DNS.
import { z } from 'zod';
import type { KubeClient } from '../kube';
import { channelPort } from './render';

const service = z.object({ spec: z.object({ clusterIP: z.string().min(1).refine((ip) => ip !== 'None', 'the Service is headless') }) });

/** `address:port`, IPv6 in brackets. Throws while the Service has no cluster address. */
export async function serviceAddress(client: KubeClient, namespace: string, name: string): Promise<string> {
  const found = service.safeParse(await client.request('GET', `/api/v1/namespaces/${namespace}/services/${name}`));
  if (!found.success) throw new Error(`read Service ${namespace}/${name}: it has no cluster address; the chart makes it with one`);
  const { clusterIP } = found.data.spec;
  return `${clusterIP.includes(':') ? `[${clusterIP}]` : clusterIP}:${channelPort}`;
}
