// Publishes the leader's address in EndpointSlices of a Service without a selector, so that agents connect to the leader.
// https://kubernetes.io/docs/concepts/services-networking/endpoint-slices/#custom-endpointslices
import { isIPv6 } from 'node:net';
import { controllerName, fieldManager } from '../../api';
import { apply, type KubeClient, type Manifest } from '../../kube';
import { labelsOf } from '../render';
import type { OwnService } from './service';

/** Milliseconds after which a slice that another client removed or changed is written again. */
const againMs = 60_000;

export interface ChannelEndpointOptions {
  readonly client: KubeClient;
  readonly namespace: string;
  /** The Service without a selector. It owns the slices, so that they are deleted with it. */
  readonly service: OwnService['owner'];
  readonly podName: string;
  /** The pod's addresses, one of each family at most. */
  readonly podIps: readonly string[];
  readonly port: number;
  /** Port of live data; undefined when it is not served. */
  readonly livePort?: number | undefined;
  /** A monotonic clock in milliseconds. */
  readonly now: () => number;
}

export class ChannelEndpoint {
  private publishedAtMs = Number.NEGATIVE_INFINITY;

  constructor(private readonly options: ChannelEndpointOptions) {}

  /** Writes the slices, unless that was done within the last minute. @throws ApiError */
  async publish(): Promise<void> {
    const { client, now } = this.options;
    if (now() - this.publishedAtMs < againMs) return;
    for (const slice of slicesOf(this.options)) await apply(client, slice, { fieldManager, force: true });
    this.publishedAtMs = now();
  }
}

/** A slice for each address family, because a slice has one family that cannot change. */
function slicesOf({ namespace, service, podName, podIps, port, livePort }: ChannelEndpointOptions): Manifest[] {
  return podIps.map((ip) => {
    const addressType = isIPv6(ip) ? 'IPv6' : 'IPv4';
    return {
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: {
        name: `${service.name}-${addressType.toLowerCase()}`,
        namespace,
        // The label managed-by keeps the cluster's EndpointSlice controller from changing the slice.
        labels: { ...labelsOf('channel'), 'kubernetes.io/service-name': service.name, 'endpointslice.kubernetes.io/managed-by': controllerName },
        ownerReferences: [service],
      },
      addressType,
      endpoints: [{ addresses: [ip], conditions: { ready: true }, targetRef: { kind: 'Pod', name: podName, namespace } }],
      ports: [{ name: 'grpc', port, protocol: 'TCP' }, ...(livePort === undefined ? [] : [{ name: 'live', port: livePort, protocol: 'TCP' }])],
    };
  });
}
