// Leads agents to the controller that leads: it writes its own address into the EndpointSlices of a Service that selects nothing.
// Slices of one's own: https://kubernetes.io/docs/concepts/services-networking/endpoint-slices/#custom-endpointslices
import { isIPv6 } from 'node:net';
import { controllerName, fieldManager } from '../../api';
import { apply, type KubeClient, type Manifest } from '../../kube';
import { labelsOf } from '../render';
import type { OwnService } from './service';

/** A slice that somebody removed or changed is put right within this time. */
const againMs = 60_000;

export interface ChannelEndpointOptions {
  readonly client: KubeClient;
  readonly namespace: string;
  /** The Service without a selector; the slices go with it. */
  readonly service: OwnService['owner'];
  readonly podName: string;
  /** One of each family at the most. */
  readonly podIps: readonly string[];
  readonly port: number;
  /** Where live data is served; undefined where it is not. */
  readonly livePort?: number | undefined;
  /** Monotonic milliseconds. */
  readonly now: () => number;
}

export class ChannelEndpoint {
  private publishedAtMs = Number.NEGATIVE_INFINITY;

  constructor(private readonly options: ChannelEndpointOptions) {}

  /** Says where this controller is, unless it has just done so. @throws ApiError */
  async publish(): Promise<void> {
    const { client, now } = this.options;
    if (now() - this.publishedAtMs < againMs) return;
    for (const slice of slicesOf(this.options)) await apply(client, slice, { fieldManager, force: true });
    this.publishedAtMs = now();
  }
}

/** One for each family: the family of a slice cannot change. */
function slicesOf({ namespace, service, podName, podIps, port, livePort }: ChannelEndpointOptions): Manifest[] {
  return podIps.map((ip) => {
    const addressType = isIPv6(ip) ? 'IPv6' : 'IPv4';
    return {
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: {
        name: `${service.name}-${addressType.toLowerCase()}`,
        namespace,
        // The second label keeps the EndpointSlice controller of the cluster away.
        labels: { ...labelsOf('channel'), 'kubernetes.io/service-name': service.name, 'endpointslice.kubernetes.io/managed-by': controllerName },
        ownerReferences: [service],
      },
      addressType,
      endpoints: [{ addresses: [ip], conditions: { ready: true }, targetRef: { kind: 'Pod', name: podName, namespace } }],
      ports: [{ name: 'grpc', port, protocol: 'TCP' }, ...(livePort === undefined ? [] : [{ name: 'live', port: livePort, protocol: 'TCP' }])],
    };
  });
}
