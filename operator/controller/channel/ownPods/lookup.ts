// Lists the pods of one node: names and namespaces only, from the API server's cache. The cache has an index by spec.nodeName
// (pkg/registry/core/pod/strategy.go, Indexers), so a list costs as much as the node has pods.
import { z } from 'zod';
import type { KubeClient } from '../../../kube';
import { BoundedSemaphore } from '../boundedSemaphore';
import type { PodsByNamespace } from './judge';

const metadataOnly = 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1';
const item = z.object({ metadata: z.object({ name: z.string(), namespace: z.string() }) });
/** In this form of a list, the API server answers null for no pods. */
const list = z.object({
  items: z
    .array(item)
    .nullable()
    .transform((items) => items ?? []),
});
/** Limits for lists: after a change of leader the pods of every node are listed within seconds. */
const lookupLimits = { permits: 8, maxWaiting: 20_000, maxWaitMs: Number.POSITIVE_INFINITY };

export class PodLookup {
  private readonly semaphore: BoundedSemaphore;

  constructor(
    private readonly client: Pick<KubeClient, 'request'>,
    now: () => number,
  ) {
    this.semaphore = new BoundedSemaphore({ ...lookupLimits, now });
  }

  /**
   * Lists the pods of a node.
   * @param namespaces namespaces to list; undefined for all
   * @param selected namespaces whose pods are kept; undefined for all
   * @throws ApiError
   */
  podsOn(node: string, namespaces: readonly string[] | undefined, selected: ReadonlySet<string> | undefined): Promise<PodsByNamespace> {
    return this.semaphore.run(async () => {
      const paths = namespaces?.map((name) => `/api/v1/namespaces/${name}/pods`) ?? ['/api/v1/pods'];
      const found = await Promise.all(paths.map((path) => this.list(path, node)));
      const pods = new Map<string, string[]>();
      for (const { name, namespace } of found.flat()) {
        if (selected?.has(namespace) === false) continue;
        const others = pods.get(namespace);
        if (others === undefined) pods.set(namespace, [name]);
        else others.push(name);
      }
      return pods;
    });
  }

  private async list(path: string, node: string): Promise<{ readonly name: string; readonly namespace: string }[]> {
    const query = { fieldSelector: `spec.nodeName=${node}`, resourceVersion: '0' };
    return list.parse(await this.client.request('GET', path, { query, accept: metadataOnly })).items.map(({ metadata }) => metadata);
  }
}
