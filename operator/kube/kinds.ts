// The URL path of objects by kind: the plural of the kind, and whether its objects have a namespace.
import { TerminalError } from './errors';

/** A kind: `apiVersion` and `kind` as in a manifest, `plural` as in a URL. */
export interface Kind {
  readonly apiVersion: string;
  readonly kind: string;
  readonly plural: string;
  readonly namespaced: boolean;
}

/** An object with its kind and name. */
export interface Manifest {
  apiVersion: string;
  kind: string;
  metadata: { name: string; namespace?: string; [field: string]: unknown };
  [field: string]: unknown;
}

const kinds = new Map<string, Kind>();

/** Registers a kind for `pathOf`, for the whole process. */
export function registerKind(kind: Kind): void {
  kinds.set(`${kind.apiVersion}/${kind.kind}`, kind);
}

const builtIn: readonly (readonly [apiVersion: string, kind: string, plural: string, namespaced?: boolean])[] = [
  ['v1', 'ConfigMap', 'configmaps'],
  ['v1', 'Event', 'events'],
  ['v1', 'Namespace', 'namespaces', false],
  ['v1', 'Node', 'nodes', false],
  ['v1', 'Pod', 'pods'],
  ['v1', 'Secret', 'secrets'],
  ['v1', 'Service', 'services'],
  ['v1', 'ServiceAccount', 'serviceaccounts'],
  ['apps/v1', 'ControllerRevision', 'controllerrevisions'],
  ['apps/v1', 'DaemonSet', 'daemonsets'],
  ['apps/v1', 'Deployment', 'deployments'],
  ['coordination.k8s.io/v1', 'Lease', 'leases'],
  ['discovery.k8s.io/v1', 'EndpointSlice', 'endpointslices'],
  ['events.k8s.io/v1', 'Event', 'events'],
  ['networking.k8s.io/v1', 'NetworkPolicy', 'networkpolicies'],
  ['rbac.authorization.k8s.io/v1', 'ClusterRole', 'clusterroles', false],
  ['rbac.authorization.k8s.io/v1', 'ClusterRoleBinding', 'clusterrolebindings', false],
  ['rbac.authorization.k8s.io/v1', 'Role', 'roles'],
  ['rbac.authorization.k8s.io/v1', 'RoleBinding', 'rolebindings'],
];
for (const [apiVersion, kind, plural, namespaced = true] of builtIn) registerKind({ apiVersion, kind, plural, namespaced });

/**
 * The path of a manifest's object, such as `/apis/apps/v1/namespaces/default/daemonsets/agent`.
 * @throws TerminalError for a kind that is not registered, and for a namespaced object without a namespace
 */
export function pathOf(manifest: Manifest): string {
  return `${collectionPathOf(manifest)}/${encodeURIComponent(manifest.metadata.name)}`;
}

/** The path of the collection of a manifest's object, for POST and for lists of one namespace. @throws as `pathOf` */
export function collectionPathOf({ apiVersion, kind, metadata }: Manifest): string {
  const known = kinds.get(`${apiVersion}/${kind}`);
  if (known === undefined) {
    throw new TerminalError(`find the path of ${kind} ${metadata.name}: ${apiVersion} ${kind} is not registered; call registerKind`);
  }
  const root = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
  if (!known.namespaced) return `${root}/${known.plural}`;
  if (metadata.namespace === undefined) throw new TerminalError(`find the path of ${kind} ${metadata.name}: it needs metadata.namespace`);
  return `${root}/namespaces/${encodeURIComponent(metadata.namespace)}/${known.plural}`;
}
