// What the runtime says of a pod sandbox, checked, and what of it makes a pod that can be selected.
import { isIP } from 'node:net';
import { z } from 'zod';
import { hasOwnKernel, type Labels } from '../../api';

/** A running pod of this node with a network namespace of its own. */
export interface LocalPod {
  readonly sandbox: string;
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  /** The labels the pod was created with: runtimes do not learn of later changes. */
  readonly labels: Labels;
  readonly annotations: Labels;
  /** Its sockets are another kernel's, though its network namespace is this one's. */
  readonly ownKernel: boolean;
  /** IPv4 and IPv6 in text form, the primary one first. */
  readonly addresses: readonly string[];
  /** A process that lives in the sandbox, as seen from the host's PID namespace. */
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

/** Of containerd and CRI-O alike: verbose `info` carries one JSON text named `info` with the pid on top. containerd says more of the runtime. */
const verboseInfo = z.looseObject({ pid: z.int().positive(), runtimeType: z.string().default('') });

const podName = /^[a-z0-9]([-.a-z0-9]{0,251}[a-z0-9])?$/;

/** Labels the kubelet adds to those of the pod (k8s.io/kubelet/pkg/types/labels.go); a selector must not see them. */
const kubeletLabels = new Set(['io.kubernetes.pod.name', 'io.kubernetes.pod.namespace', 'io.kubernetes.pod.uid']);

/** `never`: the sandbox uses the node's network and will always do so. `notYet`: worth asking again. */
export type Reading = { readonly pod: LocalPod } | 'never' | 'notYet';

/**
 * @param netnsOf gives the inode of the network namespace of a process, or undefined when there is no such process
 * @param hostNetns inode of the namespace of the host's init, which is nobody's pod
 */
export function readSandbox(
  { status, info }: SandboxStatus,
  netnsOf: (pid: number) => number | undefined,
  hostNetns: number | undefined,
): Reading {
  if (status.linux?.namespaces?.options?.network === 'NODE') return 'never';
  // Whoever may call the runtime can make sandboxes by any name. Pods of the API server have none that the channel would refuse.
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
