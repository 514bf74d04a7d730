// Which pods are on a node, asked when it matters: names and namespaces only, of one node, from the API server's cache.
// The cache is indexed by spec.nodeName (pkg/registry/core/pod/strategy.go, Indexers), so a question costs as much as the node has pods.
import { z } from 'zod';
import type { KubeClient } from '../../../kube';
import { WaitingLine } from '../waitingLine';
import type { PodsByNamespace } from './judge';

const metadataOnly = 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1';
const item = z.object({ metadata: z.object({ name: z.string(), namespace: z.string() }) });
/** Of no pods at all the API server says null, in this form of a list alone. */
const list = z.object({ items: z.array(item).nullable().transform((items) => items ?? []) });
/** After a change of leader every node is looked at within seconds. */
const looks = { atOnce: 8, longest: 20_000, patienceMs: Number.POSITIVE_INFINITY };

export class PodLookup {
  private readonly line: WaitingLine;

  constructor(private readonly client: Pick<KubeClient, 'request'>, now: () => number) {
    this.line = new WaitingLine({ ...looks, now });
  }

  /**
   * @param namespaces in which pods are asked for; undefined for all
   * @param selected namespaces whose pods are of interest; undefined for all
   * @throws ApiError
   */
  podsOn(node: string, namespaces: readonly string[] | undefined, selected: ReadonlySet<string> | undefined): Promise<PodsByNamespace> {
    return this.line.run(async () => {
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
