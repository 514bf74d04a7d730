// The objects that doctor reads, each one separately: an object that the user may not read does not hide the others.
import { z } from 'zod';
import { apiVersion, group, plural, sidecarAcceleration, singletonName, type SidecarAcceleration } from '../../api';
import { ApiError } from '../../kube';
import { type Caveats, caveatsOf } from '../caveats';
import type { Cluster } from '../cluster';
import { Failure } from '../exit';
import { failureOf } from '../failure';
import { controllerName, placeOf, type Place } from './place';

/** `forbidden` when the user may not read it; undefined when it does not exist. */
export type Fact<T> = T | undefined | 'forbidden';

const labels = z.record(z.string(), z.string()).default({});
const count = z.int().min(0).default(0);

const node = z.looseObject({
  metadata: z.looseObject({ name: z.string(), labels }),
  status: z.looseObject({
    conditions: z.array(z.looseObject({ type: z.string(), status: z.string() })).default([]),
    nodeInfo: z.looseObject({
      kernelVersion: z.string(),
      architecture: z.string(),
      operatingSystem: z.string(),
      containerRuntimeVersion: z.string(),
      osImage: z.string(),
    }),
  }),
});
export type Node = z.infer<typeof node>;

const namespaceObject = z.looseObject({ metadata: z.looseObject({ name: z.string(), labels }) });
export type Namespace = z.infer<typeof namespaceObject>;

const workload = z.looseObject({
  metadata: z.looseObject({ name: z.string(), namespace: z.string(), labels }),
  spec: z.looseObject({
    replicas: count,
    template: z.looseObject({ spec: z.looseObject({ containers: z.array(z.looseObject({ image: z.string() })).min(1) }) }),
  }),
  status: z.looseObject({ readyReplicas: count, desiredNumberScheduled: count, numberReady: count }).prefault({}),
});
export type Workload = z.infer<typeof workload>;

const pod = z.looseObject({
  metadata: z.looseObject({ name: z.string(), labels }),
  spec: z.looseObject({ nodeName: z.string().default('') }),
  status: z.looseObject({
    phase: z.string().default(''),
    conditions: z.array(z.looseObject({ type: z.string(), status: z.string(), message: z.string().default('') })).default([]),
    containerStatuses: z
      .array(
        z.looseObject({
          ready: z.boolean(),
          restartCount: count,
          state: z
            .looseObject({ waiting: z.looseObject({ reason: z.string().default(''), message: z.string().default('') }).optional() })
            .default({}),
        }),
      )
      .default([]),
  }),
});
export type Pod = z.infer<typeof pod>;

const crd = z.looseObject({
  spec: z.looseObject({
    versions: z.array(z.looseObject({ name: z.string(), served: z.boolean(), schema: z.looseObject({ openAPIV3Schema: z.unknown() }) })),
  }),
});
export type StoredCrd = z.infer<typeof crd>;

const serverVersion = z.looseObject({ gitVersion: z.string() });
const lease = z.looseObject({ spec: z.looseObject({ holderIdentity: z.string().nullish(), renewTime: z.string().nullish() }).prefault({}) });

export interface Facts {
  readonly version: string;
  readonly nodes: Fact<readonly Node[]>;
  readonly namespaces: Fact<readonly Namespace[]>;
  readonly crd: Fact<StoredCrd>;
  readonly resource: Fact<SidecarAcceleration>;
  /** Where the product is, and how this is known. */
  readonly place: Place;
  /** The product's namespace, from `place`. */
  readonly namespace: string;
  readonly controller: Fact<Workload>;
  readonly agents: Fact<Workload>;
  /** The pods of the controller and the agents. */
  readonly pods: Fact<readonly Pod[]>;
  readonly lease: Fact<{ readonly holder: string; readonly renewed: Date | undefined }>;
  /** Pods that stay on TCP and tools that miss redirected bytes. */
  readonly caveats: Caveats;
  /** Rights that the installation needs and the user lacks; undefined when the API server does not answer the reviews. */
  readonly lacking: readonly string[] | undefined;
}

const product = { labelSelector: 'app.kubernetes.io/name=sidecar-acceleration' };

/**
 * @param namespace the product's namespace; undefined means the one that the controller's ClusterRoleBinding names
 * @throws Failure when the API server does not answer or does not accept the credentials, and when it is not clear which namespace is meant
 */
export async function factsOf(cluster: Cluster, namespace: string | undefined): Promise<Facts> {
  const { gitVersion: version } = serverVersion.parse(await cluster.read('/version', 'the version of the API server'));
  const place = await placeOf(cluster, namespace);
  const namespaceName = place.namespace;
  const within = (kind: string): string => `/apis/apps/v1/namespaces/${namespaceName}/${kind}`;
  const [controller, nodes, namespaces, storedCrd, resource, agents, pods, held, caveats, lacking] = await Promise.all([
    single(cluster, within(`deployments/${controllerName}`), workload),
    listed(cluster, '/api/v1/nodes', node),
    listed(cluster, '/api/v1/namespaces', namespaceObject),
    single(cluster, `/apis/apiextensions.k8s.io/v1/customresourcedefinitions/${plural}.${group}`, crd),
    single(cluster, `/apis/${apiVersion}/${plural}/${singletonName}`, sidecarAcceleration),
    single(cluster, within('daemonsets/sidecar-acceleration-agent'), workload),
    listed(cluster, `/api/v1/namespaces/${namespaceName}/pods`, pod, product),
    single(cluster, `/apis/coordination.k8s.io/v1/namespaces/${namespaceName}/leases/${controllerName}`, lease),
    caveatsOf(cluster),
    lackingRights(cluster, namespaceName),
  ]);
  return {
    version,
    nodes,
    namespaces,
    crd: storedCrd,
    resource,
    place,
    namespace: namespaceName,
    controller,
    agents,
    pods,
    lease: leaseOf(held),
    caveats,
    lacking,
  };
}

function leaseOf(held: Fact<z.infer<typeof lease>>): Facts['lease'] {
  if (held === undefined || held === 'forbidden') return held;
  const { holderIdentity, renewTime } = held.spec;
  return { holder: holderIdentity ?? '', renewed: typeof renewTime === 'string' ? new Date(renewTime) : undefined };
}

const neededRights = [
  { verb: 'create', group: 'apiextensions.k8s.io', resource: 'customresourcedefinitions' },
  { verb: 'create', group: 'rbac.authorization.k8s.io', resource: 'clusterroles' },
  { verb: 'create', group: 'rbac.authorization.k8s.io', resource: 'clusterrolebindings' },
  { verb: 'create', group: 'admissionregistration.k8s.io', resource: 'validatingadmissionpolicies' },
  { verb: 'create', group: 'admissionregistration.k8s.io', resource: 'validatingadmissionpolicybindings' },
  { verb: 'create', group: 'apps', resource: 'deployments', namespaced: true },
  { verb: 'create', group, resource: plural },
] as const;

async function lackingRights(cluster: Cluster, namespaceName: string): Promise<readonly string[] | undefined> {
  const answers = await Promise.all(
    neededRights.map(async ({ verb, group: apiGroup, resource, ...scope }) => ({
      right: `${verb} ${resource}`,
      allowed: await cluster.may(verb, { group: apiGroup, resource, ...('namespaced' in scope ? { namespace: namespaceName } : {}) }),
    })),
  );
  if (answers.some(({ allowed }) => allowed === undefined)) return undefined;
  return answers.filter(({ allowed }) => allowed === false).map(({ right }) => right);
}

async function listed<T>(cluster: Cluster, path: string, item: z.ZodType<T>, query = {}): Promise<Fact<readonly T[]>> {
  const found = await single(cluster, path, z.looseObject({ items: z.array(item) }), query);
  return found === undefined || found === 'forbidden' ? found : found.items;
}

/** 403 gives `forbidden` and 404 undefined. @throws Failure for every other error */
async function single<T>(cluster: Cluster, path: string, schema: z.ZodType<T>, query = {}): Promise<Fact<T>> {
  let found: unknown;
  try {
    found = await cluster.client.request('GET', path, { query });
  } catch (error) {
    if (error instanceof ApiError && error.code === 403) return 'forbidden';
    if (error instanceof ApiError && error.code === 404) return undefined;
    throw failureOf(error, { doing: 'reading', object: path, verb: 'get' }, cluster.server);
  }
  const parsed = schema.safeParse(found);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new Failure(`reading ${path}: ${issue?.path.join('.')}: ${issue?.message}; use the accelctl of the controller's version`);
}
