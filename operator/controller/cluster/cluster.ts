// The controller's caches of watched objects: the resource, the namespaces, the agents' DaemonSet and its pods, and the nodes.
import { z } from 'zod';
import { apiVersion, kind, plural, singletonName, spec, status } from '../../api';
import { type KubeClient, Reflector, registerKind } from '../../kube';
import type { NamespaceLabels } from '../agents/orders';
import { agentName, agentSelector, type PodTemplate } from '../render';
import { type Fleet, type KubeNode, kubeNode, type KubePod, kubePod, revisionOf } from '../rollout';

registerKind({ apiVersion, kind, plural, namespaced: false });

const metadata = z.looseObject({ name: z.string(), namespace: z.string().optional(), resourceVersion: z.string().optional() });

/** The resource as stored. Its spec is validated when it is reconciled, because an older CRD may have accepted another one. */
const resource = z.looseObject({
  metadata: metadata.extend({
    uid: z.string(),
    generation: z.int().min(0),
    finalizers: z.array(z.string()).default([]),
    deletionTimestamp: z.string().optional(),
  }),
  spec: z.unknown().optional(),
  status: z.unknown().optional(),
});
export type StoredResource = z.infer<typeof resource>;

const namespace = z
  .looseObject({ metadata: metadata.extend({ labels: z.record(z.string(), z.string()).default({}) }) })
  .transform((object): { metadata: { name: string }; labels: NamespaceLabels['labels'] } => ({
    metadata: object.metadata,
    labels: object.metadata.labels,
  }));

const count = z.int().min(0).default(0);
const daemonSet = z.looseObject({
  metadata: metadata.extend({ generation: z.int().default(0) }),
  spec: z
    .looseObject({
      template: z
        .looseObject({
          metadata: z
            .looseObject({
              labels: z.record(z.string(), z.string()).default({}),
              creationTimestamp: z
                .unknown()
                .optional()
                .transform(() => undefined),
            })
            .prefault({}),
        })
        .prefault({}),
    })
    .prefault({}),
  status: z.looseObject({ desiredNumberScheduled: count, observedGeneration: count }).prefault({}),
});

export interface ClusterEvents {
  /** An object has changed in a way that can change the order, the manifests or the status. */
  readonly onChange: () => void;
  readonly log: (level: 'info' | 'warn', message: string) => void;
}

export class Cluster implements Fleet {
  private readonly resources;
  private readonly namespaces;
  private readonly daemonSets;
  private readonly nodesSeen;
  private readonly pods;
  private readonly daemonSetKey: string;

  constructor(client: KubeClient, ownNamespace: string, { onChange, log }: ClusterEvents) {
    const watch = { client, onChange, log };
    // Selected by name, so that the right to list and watch can be limited to these objects.
    const named = (name: string) => ({ fieldSelector: `metadata.name=${name}` });
    this.resources = new Reflector({
      ...watch,
      path: `/apis/${apiVersion}/${plural}`,
      query: named(singletonName),
      parse: (raw) => resource.parse(raw),
    });
    this.namespaces = new Reflector({ ...watch, path: '/api/v1/namespaces', parse: (raw) => namespace.parse(raw) });
    const daemonSets = `/apis/apps/v1/namespaces/${ownNamespace}/daemonsets`;
    this.daemonSets = new Reflector({ ...watch, path: daemonSets, query: named(agentName), parse: (raw) => daemonSet.parse(raw) });
    // A node's heartbeat and parts of a pod that are not read are no changes.
    this.nodesSeen = new Reflector({ ...watch, path: '/api/v1/nodes', parse: (raw) => kubeNode(raw), onChange: onlyChanges(onChange) });
    const labelSelector = Object.entries(agentSelector)
      .map(([label, value]) => `${label}=${value}`)
      .join(',');
    this.pods = new Reflector({
      ...watch,
      path: `/api/v1/namespaces/${ownNamespace}/pods`,
      query: { labelSelector },
      parse: (raw) => kubePod(raw),
      onChange: onlyChanges(onChange),
    });
    this.daemonSetKey = `${ownNamespace}/${agentName}`;
  }

  /** Watches until `signal` is aborted. Never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    await Promise.all(this.reflectors.map((reflector) => reflector.run(signal)));
  }

  /** Resolves when all objects were listed once. */
  get synced(): Promise<void> {
    return Promise.all(this.reflectors.map(({ synced }) => synced)).then(() => undefined);
  }

  /** Lists everything again. Resolves when the caches have the objects of now, or when `run` ends. */
  async refresh(): Promise<void> {
    await Promise.all(this.reflectors.map((reflector) => reflector.refresh()));
  }

  /** Begins every watch again, because another connection to the API server was found dead. */
  doubt(): void {
    for (const reflector of this.reflectors) reflector.doubt();
  }

  private get reflectors() {
    return [this.resources, this.namespaces, this.daemonSets, this.nodesSeen, this.pods];
  }

  resource(): StoredResource | undefined {
    return this.resources.get(singletonName);
  }

  labelledNamespaces(): NamespaceLabels[] {
    return this.namespaces.list().map(({ metadata: { name }, labels }) => ({ name, labels }));
  }

  /** Number of nodes that should have an agent; undefined until the DaemonSet's status is about its newest generation. */
  nodes(): { readonly desired: number } | undefined {
    const found = this.daemonSets.get(this.daemonSetKey);
    if (found === undefined || found.status.observedGeneration < found.metadata.generation) return undefined;
    return { desired: found.status.desiredNumberScheduled };
  }

  kubeNodes(): readonly KubeNode[] {
    return this.nodesSeen.list();
  }

  agentPods(): readonly KubePod[] {
    return this.pods.list();
  }

  currentTemplate(): { readonly revision: string; readonly template: PodTemplate; readonly settled: boolean } | undefined {
    const found = this.daemonSets.get(this.daemonSetKey);
    if (found === undefined) return undefined;
    const { template } = found.spec;
    return { revision: revisionOf(template.metadata.labels), template, settled: found.status.observedGeneration >= found.metadata.generation };
  }

  /** Generation of the DaemonSet, which changes with its spec; undefined while it does not exist. */
  daemonSetGeneration(): number | undefined {
    return this.daemonSets.get(this.daemonSetKey)?.metadata.generation;
  }
}

/** Calls `onChange` only when the read fields of the object differ from before. */
function onlyChanges(onChange: () => void): (key: string, object: object | undefined) => void {
  const seen = new Map<string, string>();
  return (key, object) => {
    const text = JSON.stringify(object);
    if (seen.get(key) === text) return;
    if (object === undefined) seen.delete(key);
    else seen.set(key, text);
    onChange();
  };
}

/** The spec of a stored resource, or why it is not valid. */
export function specOf(stored: StoredResource): { ok: true; spec: z.infer<typeof spec> } | { ok: false; message: string } {
  const result = spec.safeParse(stored.spec ?? {});
  if (result.success) return { ok: true, spec: result.data };
  const message = result.error.issues.map((issue) => `spec.${issue.path.join('.')}: ${issue.message}`).join('; ');
  return { ok: false, message };
}

/** The stored status; undefined when it is not valid by the present schema. */
export function statusOfStored(stored: StoredResource): z.infer<typeof status> | undefined {
  const result = status.safeParse(stored.status ?? {});
  return result.success ? result.data : undefined;
}
