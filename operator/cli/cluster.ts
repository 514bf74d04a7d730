// What accelctl asks of a cluster, with the user's own rights: the resource, and whatever a command wants to look at.
import { z } from 'zod';
import { apiVersion, kind, plural, sidecarAcceleration, singletonName, group, type Labels, type Mode, type SidecarAcceleration } from '../api';
import { isNotFound, kubeClient, ApiError, type KubeClient, type Query } from '../kube';
import { Failure } from './exit';
import { failureOf, type Asked } from './failure';
import { kubeconfigOf, type ClusterOptions } from './kubeconfig';
import { textReader, type ReadText } from './plainText';

const resourcePath = `/apis/${apiVersion}/${plural}/${singletonName}`;
const resourceName = `${plural}.${group}/${singletonName}`;
/** Owner of the fields that accelctl sets. */
const fieldManager = 'accelctl';
const mergePatch = 'application/merge-patch+json';
const jsonPatch = 'application/json-patch+json';

export interface Cluster {
  /** Address of the API server. */
  readonly server: string;
  /** @throws Failure when there is no cluster, no right, no CRD or no resource */
  resource(): Promise<SidecarAcceleration>;
  /** Undefined when there is none, be it that the cluster does not even know the type; the other causes are thrown as by `resource`. */
  resourceIfAny(): Promise<SidecarAcceleration | undefined>;
  /** Undefined when the user may not read namespaces. @throws Failure when there is no such namespace */
  namespaceLabels(name: string): Promise<Labels | undefined>;
  /** Undefined when there is no such node, or the user may not read nodes. */
  nodeLabels(name: string): Promise<Labels | undefined>;
  /** @throws Failure when this user may not list namespaces */
  namespaces(): Promise<readonly NamespaceSummary[]>;
  /** @throws Failure when there is no such pod, or no right to read it */
  pod(namespace: string, name: string): Promise<PodFacts>;
  /** Creates the resource, or makes its spec the given one. @throws Failure, for a field that is unknown too */
  applySpec(spec: object): Promise<SidecarAcceleration>;
  /**
   * @param generation refuses when the spec is no longer of that generation; what a controller writes into the status does not matter
   * @throws Failure when there is no resource
   */
  setMode(mode: Mode, generation?: number): Promise<SidecarAcceleration>;
  /** @param value null takes the label away. @throws Failure */
  labelNamespace(name: string, label: string, value: string | null): Promise<void>;
  /** Asks for the deletion, and does not wait for it. False when there is no resource. */
  deleteResource(): Promise<boolean>;
  /**
   * Any object or list, as the API server has it.
   * @param object as `kubectl get` would name it, for the error
   * @throws Failure
   */
  read(path: string, object: string, query?: Query): Promise<unknown>;
  /** The log of a pod's one container. @throws Failure */
  log(namespace: string, pod: string, query: Query): Promise<string>;
  /** Whether this user may; undefined when the API server does not say. */
  may(verb: string, resource: { readonly group: string; readonly resource: string; readonly subresource?: string; readonly namespace?: string }): Promise<boolean | undefined>;
  /** For who wants to know the answer's code. @throws ApiError */
  readonly client: KubeClient;
}

export interface NamespaceSummary {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** What decides whether a pod is selected, and where it runs. */
export interface PodFacts {
  readonly namespace: string;
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  /** Empty for the node's ordinary runtime. */
  readonly runtimeClass: string;
  readonly hostNetwork: boolean;
  readonly phase: string;
  /** Empty before it is scheduled. */
  readonly node: string;
}

/** @throws Failure when the kubeconfig cannot be read or names no cluster */
export function clusterOf(options: ClusterOptions): Cluster {
  const config = kubeconfigOf(options);
  return clusterOn(kubeClient(config), config.getCurrentCluster()?.server ?? '', textReader(config));
}

const labelledObject = z.looseObject({ metadata: z.looseObject({ labels: z.record(z.string(), z.string()).default({}) }) });
const namespaceList = z.looseObject({ items: z.array(z.looseObject({ metadata: z.looseObject({ name: z.string(), labels: z.record(z.string(), z.string()).default({}) }) })) });
const podObject = z.looseObject({
  metadata: z.looseObject({ labels: z.record(z.string(), z.string()).default({}), annotations: z.record(z.string(), z.string()).default({}) }),
  spec: z.looseObject({ runtimeClassName: z.string().default(''), hostNetwork: z.boolean().default(false), nodeName: z.string().default('') }),
  status: z.looseObject({ phase: z.string().default('') }).prefault({}),
});
const accessReview = z.looseObject({ status: z.looseObject({ allowed: z.boolean() }) });

/** A switch that the API server makes only while the spec is the one that was seen (RFC 6902, test). */
function ofGeneration(generation: number, mode: Mode): readonly object[] {
  return [
    { op: 'test', path: '/metadata/generation', value: generation },
    { op: 'add', path: '/spec/mode', value: mode },
  ];
}

/** The API server does not say that a test failed, only that it cannot apply the patch (422): what the spec is by now tells. */
async function overtaken(client: KubeClient, generation: number | undefined, error: unknown): Promise<unknown> {
  if (generation === undefined || !(error instanceof ApiError) || error.code !== 422) return error;
  const now = await client.request('GET', resourcePath).then(parsed, () => undefined);
  return now === undefined || now.metadata.generation === generation ? error : new ApiError(error.message, 409, 'Conflict');
}

/** A cluster behind the given client. */
export function clusterOn(client: KubeClient, server: string, readText: ReadText): Cluster {
  const told = (asked: Asked) => (error: unknown): never => {
    throw failureOf(error, asked, server);
  };
  const reading = { doing: 'reading', object: resourceName, verb: 'get' };
  const switching = { doing: 'switching', object: resourceName, verb: 'patch' };
  return {
    server,
    client,
    resource: async () => parsed(await client.request('GET', resourcePath).catch(told(reading))),
    resourceIfAny: async () => {
      const found = await client.request('GET', resourcePath).catch((error: unknown) => (isNotFound(error) ? undefined : told(reading)(error)));
      return found === undefined ? undefined : parsed(found);
    },
    async namespaceLabels(name) {
      try {
        return labelledObject.parse(await client.request('GET', `/api/v1/namespaces/${encodeURIComponent(name)}`)).metadata.labels;
      } catch (error) {
        if (error instanceof ApiError && error.code === 403) return undefined;
        throw failureOf(error, { doing: 'reading', object: `namespaces/${name}`, verb: 'get' }, server);
      }
    },
    async nodeLabels(name) {
      const found = labelledObject.safeParse(await client.request('GET', `/api/v1/nodes/${encodeURIComponent(name)}`).catch(() => undefined));
      return found.success ? found.data.metadata.labels : undefined;
    },
    async namespaces() {
      const found = await client.request('GET', '/api/v1/namespaces').catch(told({ doing: 'reading', object: 'namespaces', verb: 'list' }));
      return namespaceList.parse(found).items.map(({ metadata: { name, labels } }) => ({ name, labels }));
    },
    async pod(namespace, name) {
      const path = `/api/v1/namespaces/${encodeURIComponent(namespace)}/pods/${encodeURIComponent(name)}`;
      const found = await client.request('GET', path).catch(told({ doing: 'reading', object: `pods/${name}`, verb: 'get', namespace }));
      const { metadata, spec, status } = podObject.parse(found);
      return { namespace, name, labels: metadata.labels, annotations: metadata.annotations, runtimeClass: spec.runtimeClassName, hostNetwork: spec.hostNetwork, phase: status.phase, node: spec.nodeName };
    },
    applySpec: async (spec) =>
      parsed(
        await client
          .request('PATCH', resourcePath, {
            query: { fieldManager, force: 'true', fieldValidation: 'Strict' },
            contentType: 'application/apply-patch+yaml',
            body: { apiVersion, kind, metadata: { name: singletonName }, spec },
          })
          .catch(told({ ...switching, doing: 'applying' })),
      ),
    setMode: async (mode, generation) => {
      const change = generation === undefined ? { contentType: mergePatch, body: { spec: { mode } } } : { contentType: jsonPatch, body: ofGeneration(generation, mode) };
      return parsed(await client.request('PATCH', resourcePath, { query: { fieldManager }, ...change }).catch(async (error: unknown) => told(switching)(await overtaken(client, generation, error))));
    },
    labelNamespace: async (name, label, value) => {
      const body = { metadata: { labels: { [label]: value } } };
      await client
        .request('PATCH', `/api/v1/namespaces/${encodeURIComponent(name)}`, { query: { fieldManager }, contentType: mergePatch, body })
        .catch(told({ doing: 'labelling', object: `namespaces/${name}`, verb: 'patch' }));
    },
    deleteResource: () =>
      client.request('DELETE', resourcePath).then(
        () => true,
        (error: unknown) => (isNotFound(error) ? false : told({ doing: 'deleting', object: resourceName, verb: 'delete' })(error)),
      ),
    read: (path, object, query = {}) => client.request('GET', path, { query }).catch(told({ doing: 'reading', object, verb: object.includes('/') ? 'get' : 'list' })),
    log: (namespace, pod, query) =>
      readText(`/api/v1/namespaces/${namespace}/pods/${pod}/log`, query).catch(told({ doing: 'reading', object: `pods/${pod}/log`, verb: 'get', namespace })),
    may: async (verb, attributes) => {
      const body = { apiVersion: 'authorization.k8s.io/v1', kind: 'SelfSubjectAccessReview', spec: { resourceAttributes: { verb, ...attributes } } };
      const answer = accessReview.safeParse(await client.request('POST', '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews', { body }).catch(() => undefined));
      return answer.success ? answer.data.status.allowed : undefined;
    },
  };
}

function parsed(found: unknown): SidecarAcceleration {
  const result = sidecarAcceleration.safeParse(found);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw new Failure(`reading the resource: ${issue?.path.join('.')}: ${issue?.message}; use the accelctl that belongs to the controller's version`);
}
