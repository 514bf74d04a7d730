// Reads the joined connections and the metrics of the node agents.
import { z } from 'zod';
import { agentName, metricsPort } from '../../../operator/controller/render/names';
import type { Cluster } from '../cluster/cluster';
import { productNamespace } from './acceleration';
import { waitFor } from '../support/waitFor';

/** A label selector for the agents' pods; their container is `agent`. */
export const agentPods = 'app.kubernetes.io/component=agent';

const connectionsSchema = z.array(z.object({ namespace: z.string(), path: z.enum(['PodLocal', 'NodeLocal']), original: z.string() }));
export type Joined = z.infer<typeof connectionsSchema>[number];

/** Lists the connections that are joined on a node now, by a subcommand of its agent. */
export async function joinedOn(cluster: Cluster, node: string): Promise<Joined[]> {
  const ask = ['node', '/app/dist/operator/agent/main.js', 'connections', '-o', 'json', '--limit', '5000'];
  return connectionsSchema.parse(
    JSON.parse(await cluster.kubectl(['exec', '-n', productNamespace, await agentOn(cluster, node), '-c', 'agent', '--', ...ask])),
  );
}

/** Waits until this many connections are joined on a node; between two rounds of load the number is 0. */
export function joinedCount(cluster: Cluster, node: string, count: number): Promise<readonly Joined[]> {
  return waitFor(`${count} joined connections on ${node}`, async () => {
    const joined = await joinedOn(cluster, node);
    expect(joined.length).toBe(count);
    return joined;
  });
}

/** The product's metrics at a node's agent, by series: `name{label="value"}`. */
export async function metricsOn(cluster: Cluster, node: string): Promise<ReadonlyMap<string, number>> {
  const path = `/api/v1/namespaces/${productNamespace}/pods/${await agentOn(cluster, node)}:${metricsPort}/proxy/metrics`;
  const lines = (await cluster.kubectl(['get', '--raw', path])).split('\n').filter((line) => line.startsWith('sidecar_acceleration_agent_'));
  return new Map(lines.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ') + 1))]));
}

/** The name of the pod of a node's agent. */
export async function agentOn(cluster: Cluster, node: string): Promise<string> {
  const found = await cluster.kubectl([
    'get',
    'pods',
    '-n',
    productNamespace,
    '-l',
    agentPods,
    `--field-selector=spec.nodeName=${node},status.phase=Running`,
    '-o',
    'name',
  ]);
  const [name] = found.split('\n').filter((line) => line !== '');
  if (name === undefined) throw new Error(`looking for the agent of ${node}: none of ${agentName} runs there`);
  return name.replace('pod/', '');
}
