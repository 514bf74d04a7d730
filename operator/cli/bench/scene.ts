// What a bench puts into its throw-away namespace: a server, and a client beside it that makes load when it is told to. Pure.
import type { Labels } from '../../api';

/** Of a fortio server: HTTP and an echo over TCP. */
export const httpPort = 8080;
export const tcpPort = 8078;

/** fortio's echo servers. They listen on [::], as Go programs do, and so see IPv4 clients at v4-mapped addresses. */
export const fortioServer: readonly string[] = [
  'fortio',
  'server',
  `-http-port=${httpPort}`,
  `-tcp-port=${tcpPort}`,
  '-udp-port=disabled',
  '-grpc-port=disabled',
  '-redirect-port=disabled',
  '-loglevel=warning',
];

/** On everything a bench makes; its value is the bench's id. */
export const benchLabel = 'acceleration.dev/bench';

export interface Scene {
  readonly namespace: string;
  readonly id: string;
  /** What makes the mesh inject and the resource select. */
  readonly namespaceLabels: Labels;
  readonly podLabels: Labels;
  readonly nodeSelector: Labels;
  readonly image: string;
}

export function namespaceOf({ namespace, id, namespaceLabels }: Scene): object {
  return { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace, labels: { ...namespaceLabels, [benchLabel]: id } } };
}

/** In the order in which they are made: the client goes where the server is. */
export function podsOf(scene: Scene): object[] {
  const beside = { podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [{ topologyKey: 'kubernetes.io/hostname', labelSelector: { matchLabels: { app: 'server' } } }] } };
  return [podOf(scene, 'server', {}), podOf(scene, 'client', beside)];
}

function podOf({ podLabels, nodeSelector, image }: Scene, name: string, affinity: object): object {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, labels: { ...podLabels, app: name } },
    spec: {
      nodeSelector,
      affinity,
      automountServiceAccountToken: false,
      terminationGracePeriodSeconds: 1,
      // What is left behind when nobody could clean up at least ends.
      activeDeadlineSeconds: 3600,
      securityContext: { runAsNonRoot: true, runAsUser: 65532, runAsGroup: 65532, seccompProfile: { type: 'RuntimeDefault' } },
      containers: [
        {
          name: 'app',
          image,
          command: [...fortioServer],
          securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
          resources: { requests: { cpu: '100m' } },
          readinessProbe: { httpGet: { path: '/', port: httpPort }, periodSeconds: 1 },
        },
      ],
    },
  };
}

/** The names of its ports tell a mesh which protocol they speak. */
export const service: object = {
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'server' },
  spec: { selector: { app: 'server' }, ports: [{ name: 'http', port: httpPort }, { name: 'tcp', port: tcpPort }] },
};
