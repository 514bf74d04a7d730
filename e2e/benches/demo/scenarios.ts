// The scenarios of the demo: the path of a request, its protocol, and how long each is measured.
import type { Protocol } from '../../stand/mesh/load';
import { selectedNamespace, unselectedNamespace } from '../../stand/mesh/demoMesh';

/** A path through the mesh and a protocol. */
export interface Scenario {
  readonly title: string;
  readonly namespace: string;
  readonly server: 'server' | 'far';
  readonly protocol: Protocol;
  /** Seconds of load in each run. */
  readonly seconds: number;
  /** The number of pairs of runs, one in each mode. On a shared machine many short runs are more exact than few long ones. */
  readonly rounds: number;
}

/** Paths that are accelerated get more and longer runs than those that only show that nothing changes. */
const ways = [
  { title: 'same node', namespace: selectedNamespace, server: 'server', seconds: 3, rounds: 5 },
  { title: 'not selected', namespace: unselectedNamespace, server: 'server', seconds: 2, rounds: 3 },
  { title: 'to the other node', namespace: selectedNamespace, server: 'far', seconds: 2, rounds: 3 },
] as const;

/** The two namespaces alternate: while one is measured, the sidecars of the other close their idle connections. */
export const scenarios: readonly Scenario[] = ways.flatMap((way) => [
  { ...way, protocol: 'tcp' as const },
  { ...way, protocol: 'http' as const },
]);
