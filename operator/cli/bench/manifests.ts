// The manifests of a bench: a temporary namespace, a server, and on the same node a client that makes load on request. Pure functions.
import type { Labels } from '../../api';

/** The ports of a fortio server: HTTP, and an echo over TCP. */
export const httpPort = 8080;
export const tcpPort = 8078;

/** The command of fortio's echo servers. They listen on [::], like other Go programs, so they see IPv4 clients at v4-mapped addresses. */
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

/** Label of the bench's namespace; its value is the id of the bench. */
export const benchLabel = 'acceleration.dev/bench';

export interface BenchSpec {
  readonly namespace: string;
  readonly id: string;
  /** The labels by which the mesh injects sidecars and the resource selects the namespace. */
  readonly namespaceLabels: Labels;
  readonly podLabels: Labels;
  readonly nodeSelector: Labels;
  readonly image: string;
}

export function namespaceOf({ namespace, id, namespaceLabels }: BenchSpec): object {
  return { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace, labels: { ...namespaceLabels, [benchLabel]: id } } };
}

/** The pods, in the order of their creation: the client is scheduled to the node of the server. */
export function podsOf(spec: BenchSpec): object[] {
  const beside = {
    podAffinity: {
      requiredDuringSchedulingIgnoredDuringExecution: [{ topologyKey: 'kubernetes.io/hostname', labelSelector: { matchLabels: { app: 'server' } } }],
    },
  };
  return [podOf(spec, 'server', {}), podOf(spec, 'client', beside)];
}

function podOf({ podLabels, nodeSelector, image }: BenchSpec, name: string, affinity: object): object {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, labels: { ...podLabels, app: name } },
    spec: {
      nodeSelector,
      affinity,
      automountServiceAccountToken: false,
      terminationGracePeriodSeconds: 1,
      // If the namespace cannot be removed, its pods end after an hour.
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

/** A mesh reads the protocols from the names of the ports. */
export const service: object = {
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'server' },
  spec: {
    selector: { app: 'server' },
    ports: [
      { name: 'http', port: httpPort },
      { name: 'tcp', port: tcpPort },
    ],
  },
};
