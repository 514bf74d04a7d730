// Which nodes can have an agent at all, by their labels: for the DaemonSet, the status and doctor alike.
import type { Labels } from './labelSelector';
import type { LeftOutReason } from './reasons';

export const archLabel = 'kubernetes.io/arch';
export const systemLabel = 'kubernetes.io/os';

/** Processors that the image exists for, as in the label kubernetes.io/arch. */
export const architectures = ['amd64', 'arm64'] as const;

/** Labels of nodes that stand for a service and run no pod of a DaemonSet: AWS Fargate, and what is made with virtual-kubelet. */
export const virtualNodes: readonly { readonly key: string; readonly value: string }[] = [
  { key: 'eks.amazonaws.com/compute-type', value: 'fargate' },
  { key: 'type', value: 'virtual-kubelet' },
];

/** Why no agent can ever run on a node with these labels; undefined where one can. */
export function unfit(labels: Labels): Extract<LeftOutReason, 'UnsupportedPlatform' | 'VirtualNode'> | undefined {
  if (virtualNodes.some(({ key, value }) => labels[key] === value)) return 'VirtualNode';
  const isKnown = labels[systemLabel] === 'linux' && (architectures as readonly string[]).includes(labels[archLabel] ?? '');
  return isKnown ? undefined : 'UnsupportedPlatform';
}
