// Pods of a namespace that stay on TCP because of what they are, and tools that act on packets and so miss redirected bytes: from the API server.
import { z } from 'zod';
import { bandwidthAnnotation, hasOwnKernel } from '../api';
import { ApiError } from '../kube';
import type { Cluster } from './cluster';

export interface Caveat {
  readonly namespace: string;
  /** The finding in one line, to be printed after the namespace's name. */
  readonly what: string;
  readonly remedy: string;
}

/** A list that the user may not read is undefined; an empty list says that there is no caveat. */
export interface Caveats {
  readonly pods: readonly Caveat[] | undefined;
  readonly tools: readonly Caveat[] | undefined;
}

/** Kinds of objects that break or copy packets of pods. The objects name the namespaces of these pods, or lie in the pods' namespace. */
const tools = [
  { name: 'NetworkChaos of Chaos Mesh', group: 'chaos-mesh.org', version: 'v1alpha1', plural: 'networkchaos' },
  { name: 'ChaosEngine of Litmus', group: 'litmuschaos.io', version: 'v1alpha1', plural: 'chaosengines' },
  { name: 'PacketCapture of Calico', group: 'projectcalico.org', version: 'v3', plural: 'packetcaptures' },
] as const;
const toolRemedy = 'redirected bytes are no packets, so the tool does not reach them: label the pods acceleration.dev/mode=off and recreate them';

const pageSize = 500;
/** A cluster may have 150,000 pods: the first 10,000 are enough for a warning. */
const maxPages = 20;

const labels = z.record(z.string(), z.string()).default({});
const podList = z.looseObject({
  metadata: z.looseObject({ continue: z.string().default('') }).prefault({}),
  items: z.array(
    z.looseObject({
      metadata: z.looseObject({ name: z.string(), namespace: z.string(), labels, annotations: labels }),
      spec: z.looseObject({ runtimeClassName: z.string().default('') }).prefault({}),
    }),
  ),
});
type Pods = z.infer<typeof podList>['items'];
const toolList = z.looseObject({
  items: z.array(
    z.looseObject({
      metadata: z.looseObject({ name: z.string(), namespace: z.string().default('') }),
      spec: z
        .looseObject({
          selector: z
            .looseObject({ namespaces: z.array(z.string()).optional() })
            .optional()
            .catch(undefined),
        })
        .prefault({})
        .catch({}),
    }),
  ),
});

/** @param namespace limits the caveats to one namespace; without it they cover all */
export async function caveatsOf(cluster: Cluster, namespace?: string): Promise<Caveats> {
  const [pods, found] = await Promise.all([readPods(cluster, namespace), readTools(cluster)]);
  const about = (each: Caveat): boolean => namespace === undefined || each.namespace === namespace;
  return { pods: pods && podCaveats(pods), tools: found?.filter(about) };
}

function podCaveats(pods: Pods): Caveat[] {
  const limited = pods.filter(({ metadata }) => bandwidthAnnotation(metadata.annotations) !== undefined);
  const own = pods.filter(({ metadata, spec }) => hasOwnKernel({ labels: metadata.labels, runtimes: [spec.runtimeClassName] }));
  return [
    ...byNamespace(
      limited,
      (names) => `bandwidth is limited by annotation: connections with other pods stay on TCP, so that the limit holds (${names})`,
      'do nothing, or remove the annotation from the pods’ templates',
    ),
    ...byNamespace(
      own,
      (names) => `pods with kernels of their own (Kata Containers, gVisor, KubeVirt) stay on TCP (${names})`,
      'do nothing, or run them with the ordinary runtime',
    ),
  ];
}

function byNamespace(pods: Pods, what: (names: string) => string, remedy: string): Caveat[] {
  const names = new Map<string, string[]>();
  for (const {
    metadata: { namespace, name },
  } of pods)
    names.set(namespace, [...(names.get(namespace) ?? []), name]);
  return [...names].sort().map(([namespace, all]) => ({ namespace, what: what(some(all)), remedy }));
}

function some(names: readonly string[]): string {
  return names.length > 3 ? `${names.slice(0, 3).join(', ')} and ${names.length - 3} more` : names.join(', ');
}

async function readPods(cluster: Cluster, namespace: string | undefined): Promise<Pods | undefined> {
  const path = namespace === undefined ? '/api/v1/pods' : `/api/v1/namespaces/${encodeURIComponent(namespace)}/pods`;
  const pods: Pods[number][] = [];
  for (let page = 0, token = ''; page === 0 || (token !== '' && page < maxPages); page++) {
    const answer = podList.safeParse(await asked(cluster, path, { limit: String(pageSize), ...(token === '' ? {} : { continue: token }) }));
    if (!answer.success) return undefined;
    pods.push(...answer.data.items);
    token = answer.data.metadata.continue;
  }
  return pods;
}

const groupList = z.looseObject({ groups: z.array(z.looseObject({ name: z.string() })) });

/** Undefined when a tool is installed and the user may not read its objects. */
async function readTools(cluster: Cluster): Promise<Caveat[] | undefined> {
  // Every user may read the list of API groups. A request for a type that is not installed gets 403, not 404, when the user has no right to it.
  const known = groupList.safeParse(await asked(cluster, '/apis', {}));
  if (!known.success) return undefined;
  const found: Caveat[] = [];
  for (const { name, group, version, plural } of tools) {
    if (!known.data.groups.some((each) => each.name === group)) continue;
    const answer = await asked(cluster, `/apis/${group}/${version}/${plural}`, {});
    if (answer === missing) continue;
    const list = toolList.safeParse(answer);
    if (!list.success) return undefined;
    for (const { metadata, spec } of list.data.items) {
      const about = spec.selector?.namespaces ?? [metadata.namespace];
      found.push(...about.map((namespace) => ({ namespace, what: `${name} ${metadata.name} acts on packets of its pods`, remedy: toolRemedy })));
    }
  }
  return found;
}

const missing = Symbol('the cluster has no such type');

/** Undefined when the user may not read the path, or the API server does not answer: caveats are warnings, so the command goes on without them. */
async function asked(cluster: Cluster, path: string, query: Readonly<Record<string, string>>): Promise<unknown> {
  try {
    return await cluster.client.request('GET', path, { query });
  } catch (error) {
    if (error instanceof ApiError && error.code === 404) return missing;
    return undefined;
  }
}
