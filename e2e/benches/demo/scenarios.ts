// What the demo measures: which way a request goes, in which protocol, for how long.
import type { Protocol } from '../../stand/mesh/load';
import { selectedNamespace, unselectedNamespace } from '../../stand/mesh/demoMesh';

/** One way through the mesh. */
export interface Scenario {
  readonly title: string;
  readonly namespace: string;
  readonly server: 'server' | 'far';
  readonly protocol: Protocol;
  /** Seconds of load a run. */
  readonly seconds: number;
  /** Pairs of runs, on and off. Many short ones say more than few long ones on a machine that is shared. */
  readonly rounds: number;
}

/** The scenarios whose gain is the point get more and longer runs than those that show that nothing changes. */
const ways = [
  { title: 'same node', namespace: selectedNamespace, server: 'server', seconds: 3, rounds: 5 },
  { title: 'not selected', namespace: unselectedNamespace, server: 'server', seconds: 2, rounds: 3 },
  { title: 'to the other node', namespace: selectedNamespace, server: 'far', seconds: 2, rounds: 3 },
] as const;

/** Namespaces alternate: while one is measured, the sidecars of the other close their idle connections. */
export const scenarios: readonly Scenario[] = ways.flatMap((way) => [
  { ...way, protocol: 'tcp' as const },
  { ...way, protocol: 'http' as const },
]);
