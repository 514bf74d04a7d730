// Loads a server through the mesh with fortio and reads its report.
import { type LoadResult, loadResultOf } from '../../../operator/cli/bench/fortio';
import type { Cluster } from '../cluster/cluster';
import { execInPod, type PodAddress } from './mesh';
import { httpPort, tcpPort } from './pods';

export type { LoadResult } from '../../../operator/cli/bench/fortio';

/** `http` is HTTP/1.1, `http2` is HTTP/2 without TLS on every hop. */
export type Protocol = 'tcp' | 'http' | 'http2';

/** The number of connections of a plan that has none. */
export const defaultConnections = 64;

/** One run of the load generator. */
export interface LoadPlan {
  readonly client: PodAddress;
  readonly server: PodAddress;
  readonly protocol: Protocol;
  readonly family?: 'ipv4' | 'ipv6';
  readonly seconds: number;
  readonly connections?: number;
  readonly payloadBytes?: number;
  /** Requests a second over all connections; without it fortio sends as many as it can. */
  readonly qps?: number;
  /** An answer that takes longer counts as an error. 10 s by default, because the machine is shared. */
  readonly patienceSeconds?: number;
}

/**
 * Runs fortio in the client's pod.
 * @throws CommandError when fortio cannot start, ZodError when its report is not as fortio 1.66 writes it
 */
export async function load(cluster: Cluster, plan: LoadPlan): Promise<LoadResult> {
  const output = await execInPod(cluster, plan.client.namespace, plan.client.name, [
    'fortio',
    'load',
    '-quiet',
    '-json=-',
    `-qps=${plan.qps ?? 0}`,
    `-t=${plan.seconds}s`,
    `-c=${plan.connections ?? defaultConnections}`,
    `-payload-size=${plan.payloadBytes ?? 1024}`,
    `-timeout=${plan.patienceSeconds ?? 10}s`,
    '-p=50,99',
    // The resolution of the histogram in seconds: answers take less than the default of a millisecond.
    '-r=0.00001',
    ...(plan.protocol === 'http2' ? ['-h2'] : []),
    target(plan),
  ]);
  return parseReport(output);
}

/** Reads the JSON that fortio prints at the end of a run. */
export function parseReport(output: string): LoadResult {
  return loadResultOf(JSON.parse(output));
}

function target({ server, protocol, family }: LoadPlan): string {
  const host = family === 'ipv6' ? `[${server.ipv6}]` : server.ipv4;
  return protocol === 'tcp' ? `tcp://${host}:${tcpPort}` : `http://${host}:${httpPort}/`;
}
