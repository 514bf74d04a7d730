// Warms up destinations: connections to a destination that the datapath has not learnt yet start on TCP, so tests call this before they measure.
import type { NamespaceStatus } from '../../../operator/api';
import { selectedNamespace } from '../mesh/demoMesh';
import { allHopsOpen } from '../mesh/hops';
import { defaultConnections, load, type LoadPlan, type LoadResult } from '../mesh/load';
import type { Cluster } from '../cluster/cluster';
import { during } from '../support/rounds';
import { entryOf, statusNow } from './shown';
import { waitFor } from '../support/waitFor';

export type WarmUpPlan = Omit<LoadPlan, 'seconds'>;

/** The length of a round: long enough for the connections of the round to be adopted. */
const seconds = 5;

/**
 * Loads the selected namespace, one plan after the other, until the status shows that every hop that can be accelerated is accelerated.
 * From then on connections to the same destinations are accelerated when they open.
 * @throws when that takes too long, or when a request fails meanwhile
 */
export async function warmUp(cluster: Cluster, plans: readonly WarmUpPlan[]): Promise<void> {
  for (const plan of plans) {
    const round = async (): Promise<LoadResult> => {
      // A sidecar's pool keeps connections open. Wait until the pools are empty, so that the next round opens new connections.
      await status('nothing open', cluster, ({ connections }) => connections.open === 0);
      return load(cluster, { ...plan, seconds });
    };
    const rounds = await during(round, () => accelerated(cluster, plan));
    const errors = rounds.reduce((sum, round) => sum + round.errors, 0);
    if (errors > 0)
      throw new Error(`warming up ${plan.protocol} to ${plan.server.name}: ${errors} requests failed; look at the sidecars and the agent's log`);
  }
}

/**
 * Waits until connections are open on every hop, and no connection end is on TCP except on the hop to the other node. Connections on that hop stay on
 * TCP with the reason PeerElsewhere; every other reason to be on TCP passes.
 */
function accelerated(cluster: Cluster, { protocol, connections = defaultConnections }: WarmUpPlan): Promise<void> {
  const lasting = ({ reasons }: NamespaceStatus): boolean => reasons.every(({ reason }) => reason === 'PeerElsewhere');
  return status(
    `${protocol} accelerated on all hops`,
    cluster,
    (entry) => lasting(entry) && allHopsOpen(protocol, connections, entry.connections.open),
  );
}

function status(what: string, cluster: Cluster, wanted: (entry: NamespaceStatus) => boolean): Promise<void> {
  return waitFor(`the status of ${selectedNamespace} to show ${what}`, async () => {
    const entry = entryOf(await statusNow(cluster), selectedNamespace);
    if (entry !== undefined && wanted(entry)) return true;
    throw new Error(`the status shows ${JSON.stringify(entry)}`);
  }).then(() => undefined);
}
