// Measures one run of one scenario: fortio's figures and the kernel time for each request.
import type { Cluster } from '../../stand/cluster/cluster';
import { kernelTimeUs } from '../../stand/mesh/kernelTime';
import { load, type Protocol } from '../../stand/mesh/load';
import { execInPod, podAddress, type PodAddress } from '../../stand/mesh/mesh';
import { waitFor } from '../../stand/support/waitFor';
import type { Scenario } from './scenarios';

/** The mode in force during a run; `Before`: the resource did not exist yet. */
export type RunMode = 'Before' | 'Accelerate' | 'Off';

/** One measured run, in the form of the report. */
export interface MeasuredRun {
  readonly protocol: Protocol;
  readonly namespace: string;
  readonly path: string;
  readonly mode: RunMode;
  readonly round: number;
  readonly qps: number;
  readonly avgMs: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly kernelCpuUsPerRequest: number;
  readonly requests: number;
  readonly errors: number;
}

/** The addresses of all pods of the scenarios, read once. */
export type Addresses = ReadonlyMap<string, PodAddress>;

export async function lookUpAddresses(cluster: Cluster, scenarios: readonly Scenario[]): Promise<Addresses> {
  const addresses = new Map<string, PodAddress>();
  for (const { namespace, server } of scenarios) {
    for (const pod of ['client', server]) {
      const key = `${namespace}/${pod}`;
      if (!addresses.has(key)) addresses.set(key, await podAddress(cluster, namespace, pod));
    }
  }
  return addresses;
}

/** The address of a pod of the scenario's namespace. */
export function addressOf(addresses: Addresses, namespace: string, pod: string): PodAddress {
  const address = addresses.get(`${namespace}/${pod}`);
  if (address === undefined) throw new Error(`looking up ${namespace}/${pod}: it is not in any scenario`);
  return address;
}

/** Runs a scenario once. All of its connections are opened in the current mode. */
export async function measure(cluster: Cluster, addresses: Addresses, scenario: Scenario, mode: RunMode, round: number): Promise<MeasuredRun> {
  const client = addressOf(addresses, scenario.namespace, 'client');
  const server = addressOf(addresses, scenario.namespace, scenario.server);
  await connectionsClosed(cluster, client);
  const before = await kernelTimeUs(cluster);
  const result = await load(cluster, { client, server, protocol: scenario.protocol, seconds: scenario.seconds });
  const kernelUs = (await kernelTimeUs(cluster)) - before;
  return {
    protocol: scenario.protocol,
    namespace: scenario.namespace,
    path: scenario.title,
    mode,
    round,
    ...result,
    kernelCpuUsPerRequest: kernelUs / result.requests,
  };
}

/** Waits until the client has no open connection. Sidecars keep idle connections for a second, and this run must not use one of another mode. */
async function connectionsClosed(cluster: Cluster, client: PodAddress): Promise<void> {
  await waitFor(`connections of ${client.namespace}/${client.name} to close`, async () => {
    const open = await execInPod(cluster, client.namespace, client.name, ['ss', '-Htn', 'state', 'established']);
    return open.trim() === '';
  });
}
