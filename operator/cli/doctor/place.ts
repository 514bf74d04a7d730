// The product's namespace: the option --namespace, or what the ClusterRoleBinding of the controller names. Everybody may put a Deployment with
// the product's name and labels into a namespace of his own, and only an administrator may write a ClusterRoleBinding.
import { z } from 'zod';
import { ApiError } from '../../kube';
import type { Cluster } from '../cluster';
import { Failure } from '../exit';
import { failureOf } from '../failure';

/** The name of the controller's Deployment, ServiceAccount, Lease and ClusterRoleBinding. */
export const controllerName = 'sidecar-acceleration-controller';
const defaultNamespace = 'sidecar-acceleration';
/** The help of the option --namespace. */
export const namespaceHelp = `namespace of the product; by default the one that the ClusterRoleBinding ${controllerName} names`;
const bindingObject = `clusterrolebindings/${controllerName}`;
const bindingPath = `/apis/rbac.authorization.k8s.io/v1/${bindingObject}`;
/** The longest name of a namespace is a DNS label (RFC 1123). */
const namespaceName = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;

const binding = z.looseObject({
  subjects: z
    .array(z.looseObject({ kind: z.string(), name: z.string(), namespace: z.string().default('') }))
    .nullish()
    .transform((subjects) => subjects ?? []),
});

export interface Place {
  /** The namespace in which doctor looks for the product. */
  readonly namespace: string;
  /** The namespaces that the ClusterRoleBinding names; empty when it does not exist, and `forbidden` when the user may not read it. */
  readonly bound: readonly string[] | 'forbidden';
  /** Whether the option --namespace has named the namespace. */
  readonly isGiven: boolean;
}

/**
 * @param given the option --namespace, which has priority
 * @throws Failure when the ClusterRoleBinding names several namespaces and the option is missing, and when the API server does not answer
 */
export async function placeOf(cluster: Cluster, given: string | undefined): Promise<Place> {
  if (given !== undefined && !namespaceName.test(given)) throw new Failure('--namespace: not the name of a namespace');
  const bound = await boundNamespaces(cluster);
  if (given !== undefined) return { namespace: given, bound, isGiven: true };
  const [first = defaultNamespace, ...others] = bound === 'forbidden' ? [] : bound;
  if (others.length > 0)
    throw new Failure(
      `reading ${bindingObject}: it names ${others.length + 1} namespaces (${[first, ...others].slice(0, 5).join(', ')}); choose one with --namespace`,
    );
  return { namespace: first, bound, isGiven: false };
}

async function boundNamespaces(cluster: Cluster): Promise<Place['bound']> {
  let found: unknown;
  try {
    found = await cluster.client.request('GET', bindingPath);
  } catch (error) {
    if (error instanceof ApiError && error.code === 403) return 'forbidden';
    if (error instanceof ApiError && error.code === 404) return [];
    throw failureOf(error, { doing: 'reading', object: bindingObject, verb: 'get' }, cluster.server);
  }
  const { subjects } = binding.parse(found);
  const ours = subjects.filter(({ kind, name, namespace }) => kind === 'ServiceAccount' && name === controllerName && namespaceName.test(namespace));
  return [...new Set(ours.map(({ namespace }) => namespace))].sort();
}
