// A release of the product in a cluster, installed, upgraded and removed with the real helm.
import type { Cluster } from '../../stand/cluster/cluster';
import { productNamespace, settled } from '../../stand/product/acceleration';
import { agentPods } from '../../stand/product/agents';
import { chartDirectory, releaseName } from '../../../release/gitops/chart';
import { waitFor } from '../../stand/support/waitFor';
import { provideProductImage } from '../../../release/image/product';

/** A chart, and the image for its pods. */
export interface Release {
  readonly chart: string;
  readonly repository: string;
  readonly tag: string;
}

/** How long to wait for a release: a rollout observes each node for some time, and the machine is shared. */
export const patience = { timeoutMs: 240_000 };

/** The release that this checkout has built. */
export async function provideThisRelease(): Promise<Release & { readonly archive: string }> {
  return { ...(await provideProductImage()), chart: chartDirectory };
}

/** Installs a release or upgrades to it, with the defaults of its chart, except for the image and `values`. */
export function put(cluster: Cluster, how: 'install' | 'upgrade', { chart, repository, tag }: Release, values: object = {}): Promise<string> {
  const image = { image: { repository, tag, pullPolicy: 'Never' } };
  const waiting = ['--wait', '--wait-for-jobs', '--timeout=150s'];
  return helm(cluster, [how, releaseName, chart, ...waiting, '--values=-'], JSON.stringify({ ...image, ...values }));
}

/** Goes back to an earlier revision of the release in the cluster. */
export function rollBack(cluster: Cluster, revision: number): Promise<string> {
  return helm(cluster, ['rollback', releaseName, String(revision), '--wait', '--timeout=150s']);
}

export function uninstall(cluster: Cluster): Promise<string> {
  return helm(cluster, ['uninstall', releaseName, '--wait', '--timeout=240s']);
}

function helm(cluster: Cluster, args: readonly string[], input?: string): Promise<string> {
  return cluster.helm([...args, `--namespace=${productNamespace}`], input === undefined ? {} : { input });
}

/** Waits until the agent of every node runs the release's image and follows the resource. */
export async function agentsRun(cluster: Cluster, { repository, tag }: Release): Promise<void> {
  const each = 'jsonpath={range .items[*]}{.spec.containers[0].image} {.status.conditions[?(@.type=="Ready")].status}{"\\n"}{end}';
  await waitFor(
    `agents of ${tag} on every node`,
    async () => {
      const lines = (await cluster.kubectl(['get', 'pods', '-n', productNamespace, '-l', agentPods, '-o', each]))
        .split('\n')
        .filter((line) => line !== '');
      expect(lines).toEqual(cluster.nodes.map(() => `${repository}:${tag} True`));
      return true;
    },
    patience,
  );
  await settled(cluster, patience);
}

/** All objects in the cluster by kind and name, without kinds that come and go by themselves. */
export async function inventory(cluster: Cluster): Promise<string[]> {
  const kinds = (await cluster.kubectl(['api-resources', '--verbs=list', '-o', 'name'])).split('\n');
  const passing = ['events', 'events.events.k8s.io', 'bindings', 'componentstatuses'];
  const wanted = kinds.filter((kind) => kind !== '' && !passing.includes(kind)).join(',');
  const columns = 'custom-columns=KIND:.kind,NAMESPACE:.metadata.namespace,NAME:.metadata.name';
  const listed = await cluster.kubectl(['get', wanted, '--all-namespaces', '--no-headers', '--ignore-not-found', '-o', columns]);
  return listed
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => line.trim().split(/ +/).join(' '))
    .sort();
}
