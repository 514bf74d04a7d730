// The mesh's pods as manifests: an application, a real Envoy beside it, and Istio's rules set before both start.
import type { V1Container, V1Namespace, V1Pod } from '@kubernetes/client-node';
import { meshImage } from './meshImage';

/** Envoy treats the first port as HTTP and the second as opaque TCP. */
export { fortioServer, httpPort, tcpPort } from '../../../operator/cli/bench/scene';

/** Istio's user id: what it sends passes the rules. */
const proxyUser = 1337;

/** One pod of the mesh. */
export interface MeshPod {
  readonly namespace: string;
  readonly name: string;
  readonly node: string;
  /** What the application container runs. */
  readonly command: readonly string[];
  readonly labels?: Readonly<Record<string, string>>;
}

/** A program that waits to be told what to do by exec. */
export const idle: readonly string[] = ['sleep', 'infinity'];

export function namespaceManifest(name: string, labels: Readonly<Record<string, string>> = {}): V1Namespace {
  return { apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels: { ...labels } } };
}

/** A pod with its sidecar. */
export function podManifest(pod: MeshPod): V1Pod {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: pod.name, namespace: pod.namespace, labels: { app: pod.name, ...pod.labels } },
    spec: {
      nodeName: pod.node,
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      terminationGracePeriodSeconds: 1,
      initContainers: [
        container('istio-init', ['istio-rules'], { capabilities: { add: ['NET_ADMIN', 'NET_RAW'] } }),
      ],
      containers: [
        container('istio-proxy', ['envoy', '-c', '/etc/envoy.yaml', '--concurrency', '1', '-l', 'warn'], {
          runAsUser: proxyUser,
          runAsGroup: proxyUser,
        }),
        container('app', pod.command),
      ],
    },
  };
}

/** Istio's own request for a sidecar: without any, what else runs on a busy node would leave a pod next to nothing. */
function container(name: string, command: readonly string[], securityContext: V1Container['securityContext'] = {}): V1Container {
  return { name, image: meshImage, imagePullPolicy: 'Never', command: [...command], securityContext, resources: { requests: { cpu: '100m' } } };
}
