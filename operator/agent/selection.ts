// Which pods of this node an order selects; a pure function.
import { bandwidthAnnotation, matchesLabels, modeLabel, modeLabelOff, systemNamespaces } from '../api';
import type { Order } from '../protocol';
import type { LocalPod } from './cri/sandbox';
import type { DatapathPod } from './datapath/contract';

type Scope = Pick<Order, 'namespaces' | 'podSelector'>;

export interface Selection {
  readonly pods: readonly DatapathPod[];
  /** Addresses of this node's pods that are not selected. */
  readonly neighbours: readonly string[];
  /** Addresses of pods with a kernel of their own, selected or not. */
  readonly ownKernels: readonly string[];
}

/** The selection of an order. System namespaces are excluded here too, although the controller already leaves them out. */
export function selectPods({ namespaces, podSelector }: Scope, pods: readonly LocalPod[]): Selection {
  const wanted = new Set(namespaces.filter((name) => !systemNamespaces.includes(name)));
  const isSelected = ({ namespace, labels }: LocalPod): boolean =>
    wanted.has(namespace) && labels[modeLabel] !== modeLabelOff && matchesLabels(podSelector, labels);
  const within = pods.filter(({ ownKernel }) => !ownKernel);
  return {
    pods: within.filter(isSelected).map(({ netns, pid, namespace, annotations, addresses }) => ({
      netns,
      netnsFile: `/proc/${pid}/ns/net`,
      namespace,
      shaped: bandwidthAnnotation(annotations) !== undefined,
      addresses,
    })),
    neighbours: within.filter((pod) => !isSelected(pod)).flatMap(({ addresses }) => addresses),
    ownKernels: pods.filter(({ ownKernel }) => ownKernel).flatMap(({ addresses }) => addresses),
  };
}
