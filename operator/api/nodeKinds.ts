// Which nodes can run an agent, by their labels. The DaemonSet, the status and `accelctl doctor` read it from here.
import type { Labels } from './labelSelector';
import type { LeftOutReason } from './reasons';

export const archLabel = 'kubernetes.io/arch';
export const systemLabel = 'kubernetes.io/os';

/** Architectures that the image is built for, as values of the label kubernetes.io/arch. */
export const architectures = ['amd64', 'arm64'] as const;

/** Labels of nodes that run no pod of a DaemonSet because a service stands behind them: AWS Fargate and nodes of virtual-kubelet. */
export const virtualNodes: readonly { readonly key: string; readonly value: string }[] = [
  { key: 'eks.amazonaws.com/compute-type', value: 'fargate' },
  { key: 'type', value: 'virtual-kubelet' },
];

/** Why no agent can run on a node with these labels; undefined when an agent can run there. */
export function unfit(labels: Labels): Extract<LeftOutReason, 'UnsupportedPlatform' | 'VirtualNode'> | undefined {
  if (virtualNodes.some(({ key, value }) => labels[key] === value)) return 'VirtualNode';
  const isKnown = labels[systemLabel] === 'linux' && (architectures as readonly string[]).includes(labels[archLabel] ?? '');
  return isKnown ? undefined : 'UnsupportedPlatform';
}
