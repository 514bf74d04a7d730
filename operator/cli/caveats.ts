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
  metadata: z.looseObject({ continue: z.string().default('') }).prefault({}),
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

/**
 * Undefined lists for what cannot be read: a caveat is a warning, so this never fails a command.
 * @param namespace limits the caveats to one namespace; without it they cover all
 */
export async function caveatsOf(cluster: Cluster, namespace?: string): Promise<Caveats> {
  const [pods, found] = await Promise.all([
    readPods(cluster, namespace).catch(() => undefined),
    readTools(cluster, namespace).catch(() => undefined),
  ]);
  return { pods: pods && podCaveats(pods), tools: found };
}

function podCaveats(pods: Pods): Caveat[] {
  const limited = pods.filter(({ metadata }) => bandwidthAnnotation(metadata.annotations) !== undefined);
  const own = pods.filter(({ metadata, spec }) => hasOwnKernel({ labels: metadata.labels, runtimes: [spec.runtimeClassName] }));
  return [
    ...byNamespace(
      limited.map(ownerOf),
      (names) => `bandwidth is limited by annotation: connections with other pods stay on TCP, so that the limit holds (${names})`,
      'do nothing, or remove the annotation from the pods’ templates',
    ),
    ...byNamespace(
      own.map(ownerOf),
      (names) => `pods with kernels of their own (Kata Containers, gVisor, KubeVirt) stay on TCP (${names})`,
      'do nothing, or run them with the ordinary runtime',
    ),
  ];
}

const ownerOf = ({ metadata: { namespace, name } }: Pods[number]): Named => ({ namespace, name });

/** The name of an object, and the namespace that its caveat is about. */
interface Named {
  readonly namespace: string;
  readonly name: string;
}

/** One caveat for each namespace, whatever the number of the objects. */
function byNamespace(objects: Iterable<Named>, what: (names: string) => string, remedy: string): Caveat[] {
  const names = new Map<string, string[]>();
  for (const { namespace, name } of objects) {
    const known = names.get(namespace);
    if (known === undefined) names.set(namespace, [name]);
    else known.push(name);
  }
  return [...names].sort(([a], [b]) => (a < b ? -1 : 1)).map(([namespace, all]) => ({ namespace, what: what(some(all)), remedy }));
}

function some(names: readonly string[]): string {
  return names.length > 3 ? `${names.slice(0, 3).join(', ')} and ${names.length - 3} more` : names.join(', ');
}

async function readPods(cluster: Cluster, namespace: string | undefined): Promise<Pods | undefined> {
  const path = namespace === undefined ? '/api/v1/pods' : `/api/v1/namespaces/${encodeURIComponent(namespace)}/pods`;
  const found = await pagesOf(cluster, path, podList);
  return found === missing ? undefined : found;
}

/** The first pages of a list. Undefined when the user may not read it, or an answer is no such list. */
async function pagesOf<T>(
  cluster: Cluster,
  path: string,
  page: z.ZodType<{ metadata: { continue: string }; items: T[] }>,
): Promise<T[] | undefined | typeof missing> {
  const items: T[] = [];
  for (let at = 0, token = ''; at === 0 || (token !== '' && at < maxPages); at++) {
    const found = await asked(cluster, path, { limit: String(pageSize), ...(token === '' ? {} : { continue: token }) });
    if (found === missing) return missing;
    const answer = page.safeParse(found);
    if (!answer.success) return undefined;
    // Not push(...items): a function takes only so many arguments, and others decide the length of this list.
    for (const item of answer.data.items) items.push(item);
    token = answer.data.metadata.continue;
  }
  return items;
}

const groupList = z.looseObject({ groups: z.array(z.looseObject({ name: z.string() })) });

/** Undefined when a tool is installed and the user may not read its objects. @param only limits the caveats to one namespace */
async function readTools(cluster: Cluster, only: string | undefined): Promise<Caveat[] | undefined> {
  // Every user may read the list of API groups. A request for a type that is not installed gets 403, not 404, when the user has no right to it.
  const known = groupList.safeParse(await asked(cluster, '/apis', {}));
  if (!known.success) return undefined;
  const caveats: Caveat[][] = [];
  for (const { name, group, version, plural } of tools) {
    if (!known.data.groups.some((each) => each.name === group)) continue;
    const found = await pagesOf(cluster, `/apis/${group}/${version}/${plural}`, toolList);
    if (found === missing) continue;
    if (found === undefined) return undefined;
    caveats.push(byNamespace(targetsOf(found, only), (names) => `${name} acts on packets of its pods (${names})`, toolRemedy));
  }
  return caveats.flat();
}

/**
 * The namespaces that objects of a tool name, each one once for each object, as far as `only` does not exclude them. The caveat says where the
 * object lies, because its author may name namespaces that are not his.
 */
function* targetsOf(objects: z.infer<typeof toolList>['items'], only: string | undefined): Generator<Named> {
  for (const { metadata, spec } of objects) {
    const about = new Set(spec.selector?.namespaces ?? [metadata.namespace]);
    const name = `${metadata.name} in namespace ${metadata.namespace}`;
    for (const namespace of about) if (only === undefined || only === namespace) yield { namespace, name };
  }
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
