// Checksumming traffic through the mesh: proof that no byte was lost, reordered, changed or misdelivered.
import { z } from 'zod';
import type { Cluster } from '../cluster/cluster';
import { execInPod, type PodAddress } from '../mesh/mesh';

/** The port on which checksum servers listen; the sidecars treat it as opaque TCP. */
export const checksumPort = 7070;

/** The command of a pod that checks what it receives; it listens on [::]. */
export const checksumServer: readonly string[] = ['checksum', 'serve', `-listen=[::]:${checksumPort}`];

/** One run of the checksumming client. */
export interface TrafficPlan {
  readonly client: PodAddress;
  readonly server: PodAddress;
  /** turns: request and answer; duplex: both directions at once; up and down: one way. */
  readonly mode: 'turns' | 'duplex' | 'up' | 'down';
  readonly family?: 'ipv4' | 'ipv6';
  readonly connections?: number;
  /** Payload bytes of both directions after which the run ends. */
  readonly bytes: number;
  /** Time after which it ends, whatever has moved. */
  readonly seconds: number;
  /** Messages of a connection, on average, before it is made anew. */
  readonly messages?: number;
}

const outcomeSchema = z.object({
  bytes: z.number(),
  wrongBytes: z.number(),
  connections: z.number(),
  errors: z.number(),
  firstError: z.string().optional(),
});

/** What the client saw, with what the server told it of the bytes it received. */
export type TrafficOutcome = z.infer<typeof outcomeSchema>;

/** Messages of a connection that is meant to stay open. */
export const endless = 1e9;

/** Ends the runs of a client's pod between two messages; each still returns what it saw. */
export async function endTraffic(cluster: Cluster, client: PodAddress): Promise<void> {
  await execInPod(cluster, client.namespace, client.name, ['sh', '-c', 'kill -TERM $(pidof checksum)']);
}

/** The connections that a client's pod has open to checksum servers, those of its sidecar included: each by its two addresses. */
export async function openTraffic(cluster: Cluster, client: PodAddress): Promise<string[]> {
  const lines = await execInPod(cluster, client.namespace, client.name, ['ss', '-Htn', 'state', 'established', `dport = :${checksumPort}`]);
  return lines.split('\n').filter((line) => line !== '').map((line) => line.trim().split(/ +/).slice(2).join(' → ')).sort();
}

/** Runs the client to its end. Several runs may overlap. */
export async function runTraffic(cluster: Cluster, plan: TrafficPlan): Promise<TrafficOutcome> {
  const host = plan.family === 'ipv6' ? `[${plan.server.ipv6}]` : plan.server.ipv4;
  const output = await execInPod(cluster, plan.client.namespace, plan.client.name, [
    'checksum',
    'run',
    `-target=${host}:${checksumPort}`,
    `-mode=${plan.mode}`,
    `-connections=${plan.connections ?? 16}`,
    `-bytes=${plan.bytes}`,
    `-seconds=${plan.seconds}`,
    `-messages=${plan.messages ?? 100}`,
  ]);
  return outcomeSchema.parse(JSON.parse(output));
}
