// The manifests of the mesh's pods: an application, a real Envoy as its sidecar, and an init container that sets Istio's rules.
import type { V1Container, V1Namespace, V1Pod } from '@kubernetes/client-node';
import { meshImage } from './meshImage';

/** Envoy treats the first port as HTTP and the second as opaque TCP. */
export { fortioServer, httpPort, tcpPort } from '../../../operator/cli/bench/manifests';

/** The user id of Istio's sidecar: the rules do not redirect connections of this user. */
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

/** A command that does nothing, for a pod in which tests run programs by exec. */
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
      initContainers: [container('istio-init', ['istio-rules'], { capabilities: { add: ['NET_ADMIN', 'NET_RAW'] } })],
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

/** A container with the CPU request of Istio's sidecar: without one a pod on a busy node would get hardly any processor time. */
function container(name: string, command: readonly string[], securityContext: V1Container['securityContext'] = {}): V1Container {
  return { name, image: meshImage, imagePullPolicy: 'Never', command: [...command], securityContext, resources: { requests: { cpu: '100m' } } };
}
