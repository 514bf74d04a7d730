// accelctl's requests to the API server, with the user's own rights: for the resource, and for the objects that a command reads.
import { z } from 'zod';
import { apiVersion, kind, plural, sidecarAcceleration, singletonName, group, type Labels, type Mode, type SidecarAcceleration } from '../api';
import { isNotFound, kubeClient, ApiError, type KubeClient, type Query } from '../kube';
import { Failure } from './exit';
import { failureOf, type Operation } from './failure';
import { kubeconfigOf, type ClusterOptions } from './kubeconfig';
import { textReader, type ReadText } from './plainText';

const resourcePath = `/apis/${apiVersion}/${plural}/${singletonName}`;
const resourceName = `${plural}.${group}/${singletonName}`;
/** Field manager of the fields that accelctl sets. */
const fieldManager = 'accelctl';
const mergePatch = 'application/merge-patch+json';
const jsonPatch = 'application/json-patch+json';

export interface Cluster {
  /** Address of the API server. */
  readonly server: string;
  /** @throws Failure when the API server does not answer, the user has no right, or the CRD or the resource does not exist */
  resource(): Promise<SidecarAcceleration>;
  /** Undefined when the resource or its CRD does not exist. @throws Failure for the other causes that `resource` has */
  resourceIfAny(): Promise<SidecarAcceleration | undefined>;
  /** Undefined when the user may not read namespaces. @throws Failure when there is no such namespace */
  namespaceLabels(name: string): Promise<Labels | undefined>;
  /** Undefined when there is no such node, or the user may not read nodes. */
  nodeLabels(name: string): Promise<Labels | undefined>;
  /** @throws Failure when this user may not list namespaces */
  namespaces(): Promise<readonly NamespaceSummary[]>;
  /** @throws Failure when there is no such pod, or the user may not read it */
  pod(namespace: string, name: string): Promise<PodFacts>;
  /** Creates the resource, or sets its spec by server-side apply. @throws Failure, also for an unknown field */
  applySpec(spec: object): Promise<SidecarAcceleration>;
  /**
   * @param generation makes the API server refuse the change when the spec is no longer of this generation; changes of the status do not count
   * @throws Failure when there is no resource, or its spec has another generation
   */
  setMode(mode: Mode, generation?: number): Promise<SidecarAcceleration>;
  /** @param value null removes the label. @throws Failure */
  labelNamespace(name: string, label: string, value: string | null): Promise<void>;
  /** Requests the deletion and does not wait for its end. False when there is no resource. */
  deleteResource(): Promise<boolean>;
  /**
   * Reads an object or a list, without a check of its schema.
   * @param object its name as in `kubectl get`, for the error's message
   * @throws Failure
   */
  read(path: string, object: string, query?: Query): Promise<unknown>;
  /** The log of a pod that has one container. @param mostBytes the end of a longer log is given, after a line that says so @throws Failure */
  log(namespace: string, pod: string, query: Query, mostBytes: number): Promise<string>;
  /** Whether the user has the right (SelfSubjectAccessReview); undefined when the API server does not answer. */
  may(
    verb: string,
    resource: { readonly group: string; readonly resource: string; readonly subresource?: string; readonly namespace?: string },
  ): Promise<boolean | undefined>;
  /** For callers that need the status code of the answer. @throws ApiError */
  readonly client: KubeClient;
}

export interface NamespaceSummary {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** The facts that decide whether a pod is selected, and the pod's node and phase. */
export interface PodFacts {
  readonly namespace: string;
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  /** Empty for the node's ordinary runtime. */
  readonly runtimeClass: string;
  readonly hostNetwork: boolean;
  readonly phase: string;
  /** Empty before the pod is scheduled. */
  readonly node: string;
}

/** @throws Failure when the kubeconfig cannot be read or names no cluster */
export function clusterOf(options: ClusterOptions): Cluster {
  const config = kubeconfigOf(options);
  return clusterOn(kubeClient(config), config.getCurrentCluster()?.server ?? '', textReader(config));
}

const labelledObject = z.looseObject({ metadata: z.looseObject({ labels: z.record(z.string(), z.string()).default({}) }) });
const namespaceList = z.looseObject({
  items: z.array(z.looseObject({ metadata: z.looseObject({ name: z.string(), labels: z.record(z.string(), z.string()).default({}) }) })),
});
const podObject = z.looseObject({
  metadata: z.looseObject({ labels: z.record(z.string(), z.string()).default({}), annotations: z.record(z.string(), z.string()).default({}) }),
  spec: z.looseObject({ runtimeClassName: z.string().default(''), hostNetwork: z.boolean().default(false), nodeName: z.string().default('') }),
  status: z.looseObject({ phase: z.string().default('') }).prefault({}),
});
const accessReview = z.looseObject({ status: z.looseObject({ allowed: z.boolean() }) });

/** A patch of the mode that the API server applies only while the spec has this generation (RFC 6902, `test`). */
function modePatch(generation: number, mode: Mode): readonly object[] {
  return [
    { op: 'test', path: '/metadata/generation', value: generation },
    { op: 'add', path: '/spec/mode', value: mode },
  ];
}

/** Turns a failed `test` of the generation into a conflict (409). The API server answers 422 for any patch that fails, so the resource is read again. */
async function asConflict(client: KubeClient, generation: number | undefined, error: unknown): Promise<unknown> {
  if (generation === undefined || !(error instanceof ApiError) || error.code !== 422) return error;
  const now = await client.request('GET', resourcePath).then(parsed, () => undefined);
  return now === undefined || now.metadata.generation === generation ? error : new ApiError(error.message, 409, 'Conflict');
}

/** @param server address of the API server, for messages */
export function clusterOn(client: KubeClient, server: string, readText: ReadText): Cluster {
  const failAs =
    (operation: Operation) =>
    (error: unknown): never => {
      throw failureOf(error, operation, server);
    };
  const reading = { doing: 'reading', object: resourceName, verb: 'get' };
  const switching = { doing: 'switching', object: resourceName, verb: 'patch' };
  return {
    server,
    client,
    resource: async () => parsed(await client.request('GET', resourcePath).catch(failAs(reading))),
    resourceIfAny: async () => {
      const found = await client.request('GET', resourcePath).catch((error: unknown) => (isNotFound(error) ? undefined : failAs(reading)(error)));
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
      const found = await client.request('GET', '/api/v1/namespaces').catch(failAs({ doing: 'reading', object: 'namespaces', verb: 'list' }));
      return namespaceList.parse(found).items.map(({ metadata: { name, labels } }) => ({ name, labels }));
    },
    async pod(namespace, name) {
      const path = `/api/v1/namespaces/${encodeURIComponent(namespace)}/pods/${encodeURIComponent(name)}`;
      const found = await client.request('GET', path).catch(failAs({ doing: 'reading', object: `pods/${name}`, verb: 'get', namespace }));
      const { metadata, spec, status } = podObject.parse(found);
      return {
        namespace,
        name,
        labels: metadata.labels,
        annotations: metadata.annotations,
        runtimeClass: spec.runtimeClassName,
        hostNetwork: spec.hostNetwork,
        phase: status.phase,
        node: spec.nodeName,
      };
    },
    applySpec: async (spec) =>
      parsed(
        await client
          .request('PATCH', resourcePath, {
            query: { fieldManager, force: 'true', fieldValidation: 'Strict' },
            contentType: 'application/apply-patch+yaml',
            body: { apiVersion, kind, metadata: { name: singletonName }, spec },
          })
          .catch(failAs({ ...switching, doing: 'applying' })),
      ),
    setMode: async (mode, generation) => {
      const change =
        generation === undefined
          ? { contentType: mergePatch, body: { spec: { mode } } }
          : { contentType: jsonPatch, body: modePatch(generation, mode) };
      return parsed(
        await client
          .request('PATCH', resourcePath, { query: { fieldManager }, ...change })
          .catch(async (error: unknown) => failAs(switching)(await asConflict(client, generation, error))),
      );
    },
    labelNamespace: async (name, label, value) => {
      const body = { metadata: { labels: { [label]: value } } };
      await client
        .request('PATCH', `/api/v1/namespaces/${encodeURIComponent(name)}`, { query: { fieldManager }, contentType: mergePatch, body })
        .catch(failAs({ doing: 'labelling', object: `namespaces/${name}`, verb: 'patch' }));
    },
    deleteResource: () =>
      client.request('DELETE', resourcePath).then(
        () => true,
        (error: unknown) => (isNotFound(error) ? false : failAs({ doing: 'deleting', object: resourceName, verb: 'delete' })(error)),
      ),
    read: (path, object, query = {}) =>
      client.request('GET', path, { query }).catch(failAs({ doing: 'reading', object, verb: object.includes('/') ? 'get' : 'list' })),
    log: (namespace, pod, query, mostBytes) =>
      readText(`/api/v1/namespaces/${namespace}/pods/${pod}/log`, query, mostBytes).catch(
        failAs({ doing: 'reading', object: `pods/${pod}/log`, verb: 'get', namespace }),
      ),
    may: async (verb, attributes) => {
      const body = { apiVersion: 'authorization.k8s.io/v1', kind: 'SelfSubjectAccessReview', spec: { resourceAttributes: { verb, ...attributes } } };
      const answer = accessReview.safeParse(
        await client.request('POST', '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews', { body }).catch(() => undefined),
      );
      return answer.success ? answer.data.status.allowed : undefined;
    },
  };
}

function parsed(found: unknown): SidecarAcceleration {
  const result = sidecarAcceleration.safeParse(found);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw new Failure(`reading the resource: ${issue?.path.join('.')}: ${issue?.message}; use the accelctl of the controller's version`);
}
