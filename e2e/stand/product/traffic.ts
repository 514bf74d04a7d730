// Checksummed traffic through the mesh, which shows that no byte was lost, reordered, changed or misdelivered.
import { z } from 'zod';
import type { Cluster } from '../cluster/cluster';
import { execInPod, type PodAddress } from '../mesh/mesh';

/** The port on which checksum servers listen; sidecars treat it as opaque TCP. */
export const checksumPort = 7070;

/** The command of a pod that serves checksummed traffic; it listens on [::]. */
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
  /** The time after which the run ends, even when fewer bytes have moved. */
  readonly seconds: number;
  /** How many messages a connection has, on average, before it is closed and the next one is opened. */
  readonly messages?: number;
}

const outcomeSchema = z.object({
  bytes: z.number(),
  wrongBytes: z.number(),
  connections: z.number(),
  errors: z.number(),
  firstError: z.string().optional(),
});

/** The result of a run: what the client has seen, with what the server has told the client about the bytes it received. */
export type TrafficOutcome = z.infer<typeof outcomeSchema>;

/** The number of messages for a connection that should stay open. */
export const endless = 1e9;

/** Ends all runs in a client's pod between two messages; each run still returns its result. */
export async function endTraffic(cluster: Cluster, client: PodAddress): Promise<void> {
  await execInPod(cluster, client.namespace, client.name, ['sh', '-c', 'kill -TERM $(pidof checksum)']);
}

/** The open connections of a client's pod to checksum servers, those of its sidecar included, each as its two addresses. */
export async function openTraffic(cluster: Cluster, client: PodAddress): Promise<string[]> {
  const lines = await execInPod(cluster, client.namespace, client.name, ['ss', '-Htn', 'state', 'established', `dport = :${checksumPort}`]);
  return lines
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => line.trim().split(/ +/).slice(2).join(' → '))
    .sort();
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
