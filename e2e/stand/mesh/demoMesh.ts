// The demo's mesh: two namespaces with the same pods; only the first is selected for acceleration.
import type { V1Namespace, V1Pod } from '@kubernetes/client-node';
import { fortioServer, idle, namespaceManifest, podManifest } from './pods';

/** Istio's label for namespaces with sidecars, by which the example resource selects. */
export const selectedLabels = { 'istio-injection': 'enabled' } as const;
export const selectedNamespace = 'shop';
export const unselectedNamespace = 'plain';

/** The pods of each namespace and their nodes: a client and a server on the same node, and a second server on the other node. */
const placement = [
  { name: 'client', node: 'node1', command: idle },
  { name: 'server', node: 'node1', command: fortioServer },
  { name: 'far', node: 'node2', command: fortioServer },
] as const;

/** All manifests of the demo's mesh, namespaces first. */
export function demoMesh(): (V1Namespace | V1Pod)[] {
  return [
    namespaceManifest(selectedNamespace, selectedLabels),
    namespaceManifest(unselectedNamespace),
    ...[selectedNamespace, unselectedNamespace].flatMap((namespace) => placement.map((pod) => podManifest({ namespace, ...pod }))),
  ];
}
