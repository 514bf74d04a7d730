// Schemas for the runtime's answers about pod sandboxes, and how a sandbox becomes a pod that can be selected.
import { isIP } from 'node:net';
import { z } from 'zod';
import { hasOwnKernel, type Labels } from '../../api';

/** A running pod of this node with a network namespace of its own. */
export interface LocalPod {
  readonly sandbox: string;
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  /** The labels with which the pod was created. The runtime does not learn of later changes. */
  readonly labels: Labels;
  readonly annotations: Labels;
  /** True when the pod's programs run on a kernel of their own; its network namespace belongs to the node's kernel all the same. */
  readonly ownKernel: boolean;
  /** IPv4 and IPv6 addresses as text, the primary address first. */
  readonly addresses: readonly string[];
  /** Process id of the sandbox in the host's PID namespace. */
  readonly pid: number;
  /** Inode number of the network namespace. */
  readonly netns: number;
}

export const version = z.object({ runtimeName: z.string(), runtimeVersion: z.string() });
export const sandboxList = z.object({ items: z.array(z.object({ id: z.string().min(1), state: z.string() })) });

const metadata = z.object({ name: z.string(), uid: z.string(), namespace: z.string() });
const network = z.object({ ip: z.string(), additionalIps: z.array(z.object({ ip: z.string() })) });
const linux = z.object({
  namespaces: z.object({ options: z.object({ network: z.string() }).nullable() }).nullable(),
});

export const sandboxStatus = z.object({
  status: z.object({
    id: z.string(),
    metadata,
    state: z.string(),
    network: network.nullable(),
    linux: linux.nullable(),
    labels: z.record(z.string(), z.string()),
    annotations: z.record(z.string(), z.string()),
    runtimeHandler: z.string(),
  }),
  info: z.record(z.string(), z.string()),
});

export const containerEvent = z.object({ containerId: z.string(), containerEventType: z.string() });

export type Version = z.infer<typeof version>;
export type SandboxStatus = z.infer<typeof sandboxStatus>;
export type ContainerEvent = z.infer<typeof containerEvent>;

/** In containerd and CRI-O, the verbose `info` has a JSON text `info` with the process id. In containerd it also has the type of the runtime. */
const verboseInfo = z.looseObject({ pid: z.int().positive(), runtimeType: z.string().default('') });

const podName = /^[a-z0-9]([-.a-z0-9]{0,251}[a-z0-9])?$/;

/** Labels that the kubelet adds to those of the pod (k8s.io/kubelet/pkg/types/labels.go); selectors must not match them. */
const kubeletLabels = new Set(['io.kubernetes.pod.name', 'io.kubernetes.pod.namespace', 'io.kubernetes.pod.uid']);

/** A pod, or why there is none. `never`: the sandbox cannot become a selectable pod. `notYet`: its status must be requested again. */
export type Reading = { readonly pod: LocalPod } | 'never' | 'notYet';

/**
 * The pod of a sandbox.
 * @param netnsOf returns the inode number of a process's network namespace; undefined when there is no such process
 * @param hostNetns inode number of the network namespace of the host's init process
 */
export function readSandbox({ status, info }: SandboxStatus, netnsOf: (pid: number) => number | undefined, hostNetns: number | undefined): Reading {
  if (status.linux?.namespaces?.options?.network === 'NODE') return 'never';
  // Clients of the runtime can create sandboxes with any name. A pod of the API server has no name that the channel would refuse.
  if (!podName.test(status.metadata.name) || !podName.test(status.metadata.namespace)) return 'never';
  const { pid, runtimeType = '' } = detailsOf(info);
  const addresses = addressesOf(status);
  if (status.state !== 'SANDBOX_READY' || pid === undefined || addresses.length === 0) return 'notYet';
  const netns = netnsOf(pid);
  if (netns === undefined || netns === hostNetns) return 'notYet';
  const labels = Object.fromEntries(Object.entries(status.labels).filter(([key]) => !kubeletLabels.has(key)));
  const ownKernel = hasOwnKernel({ labels, runtimes: [status.runtimeHandler, runtimeType] });
  return { pod: { sandbox: status.id, ...status.metadata, labels, annotations: status.annotations, ownKernel, addresses, pid, netns } };
}

function detailsOf(info: Readonly<Record<string, string>>): Partial<z.infer<typeof verboseInfo>> {
  try {
    return verboseInfo.parse(JSON.parse(info['info'] ?? ''));
  } catch {
    return {};
  }
}

function addressesOf({ network }: SandboxStatus['status']): string[] {
  if (network === null) return [];
  return [network.ip, ...network.additionalIps.map(({ ip }) => ip)].filter((ip) => isIP(ip) !== 0);
}
