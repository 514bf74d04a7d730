// The product in a cluster as a user handles it: installing it, applying the resource and reading its status.
import { join } from 'node:path';
import { apiVersion, kind, plural, sidecarAcceleration, singletonName, type Mode, type SidecarAcceleration } from '../../../operator/api';
import type { Cluster } from '../cluster/cluster';
import type { ImageArchive } from '../../../release/image/product';
import { checkout } from '../../../release/tools/paths';
import { apply } from '../cluster/manifests';
import { waitFor, type WaitOptions } from '../support/waitFor';

export const productNamespace = 'sidecar-acceleration';
/** The example resource, ten lines that a user applies. */
export const exampleResource = join(checkout, 'docs', 'examples', 'default.yaml');
const resourceName = `${plural}.acceleration.dev/${singletonName}`;

/** Installs the chart and waits until the controller is Ready. */
export function installProduct(cluster: Cluster, image: ImageArchive): Promise<string> {
  const values = { 'image.repository': image.repository, 'image.tag': image.tag, 'image.pullPolicy': 'Never' };
  return cluster.helm([
    'install',
    'sidecar-acceleration',
    join(checkout, 'charts', 'sidecar-acceleration'),
    `--namespace=${productNamespace}`,
    '--create-namespace',
    '--wait',
    '--timeout=90s',
    ...Object.entries(values).map(([name, value]) => `--set-string=${name}=${value}`),
  ]);
}

/** Creates the resource, or replaces its spec. */
export function applyResource(cluster: Cluster, spec: object): Promise<string> {
  return apply(cluster, [{ apiVersion, kind, metadata: { name: singletonName }, spec }]);
}

/** Applies the example resource in place of any earlier spec, and waits until it has settled. */
export async function applyExample(cluster: Cluster, options: WaitOptions = {}): Promise<SidecarAcceleration> {
  await cluster.kubectl(['apply', '-f', exampleResource]);
  return settled(cluster, options);
}

/** Changes the mode and waits until the resource has settled. */
export async function switchMode(cluster: Cluster, mode: Mode, options: WaitOptions = {}): Promise<SidecarAcceleration> {
  await cluster.kubectl(['patch', resourceName, '--type=merge', '-p', JSON.stringify({ spec: { mode } })]);
  return settled(cluster, options);
}

/** Reads the resource as the API server has it. */
export async function readResource(cluster: Cluster): Promise<SidecarAcceleration> {
  return sidecarAcceleration.parse(JSON.parse(await cluster.kubectl(['get', resourceName, '-o', 'json'])));
}

/** Deletes the resource and waits until its finalizer is removed, which is when every node has drained. */
export function deleteResource(cluster: Cluster): Promise<string> {
  return cluster.kubectl(['delete', resourceName, '--wait', '--timeout=90s']);
}

/** Waits until the resource has settled: the controller has seen the newest spec, every agent follows it, and nothing is in progress. */
export function settled(cluster: Cluster, options: WaitOptions = {}): Promise<SidecarAcceleration> {
  return waitFor(
    'the resource to settle',
    async () => {
      const resource = await readResource(cluster);
      if (isSettled(resource)) return resource;
      const { nodes, conditions = [] } = resource.status ?? {};
      const said = conditions.map(({ type, status, message }) => `${type} ${status}: ${message}`);
      throw new Error(`its conditions are ${said.join('; ')}; its nodes ${JSON.stringify(nodes)}`);
    },
    options,
  );
}

function isSettled({ metadata, status }: SidecarAcceleration): boolean {
  if (status?.observedGeneration !== metadata.generation) return false;
  // Before the controller knows the nodes, the resource may be Ready with 0 nodes; a cluster here has some.
  if (status.nodes === undefined || status.nodes.desired === 0) return false;
  const conditions = status.conditions ?? [];
  const is = (type: string, wanted: string): boolean =>
    conditions.some((each) => each.type === type && each.status === wanted && each.observedGeneration === metadata.generation);
  return is('Ready', 'True') && is('Progressing', 'False');
}
