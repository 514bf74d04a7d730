// Checksummed connections that stay open while a test does something.
import type { Cluster } from '../cluster/cluster';
import { allOver } from '../support/rounds';
import type { TestMesh } from './testMesh';
import { endless, endTraffic, openTraffic, runTraffic, type TrafficOutcome } from './traffic';
import { waitFor } from '../support/waitFor';

/** The IP families over which connections are opened. */
export const families = ['ipv4', 'ipv6'] as const;
/** A limit that no run should reach: a run is ended by endTraffic(). */
const tooLongSeconds = 900;

/** The kind of traffic on the connections, and how many there are over each family. */
export interface OpenRuns {
  readonly mode: 'turns' | 'up';
  readonly ofEach: number;
}

/** Checks that the same connections are open from the beginning of `act` to its end, and that no byte on them is wrong. */
export async function whileOpen(
  cluster: Cluster,
  { client, checksum: server }: TestMesh,
  { mode, ofEach }: OpenRuns,
  act: () => Promise<void>,
): Promise<void> {
  await waitFor('the connections of before to close', async () => (await openTraffic(cluster, client)).length === 0);
  const plan = { client, server, mode, connections: ofEach, bytes: Number.MAX_SAFE_INTEGER, seconds: tooLongSeconds, messages: endless };
  const outcomes: TrafficOutcome[] = [];
  const runs = families.map(async (family) => void outcomes.push(await runTraffic(cluster, { ...plan, family })));
  const count = families.length * ofEach;
  const acted = (async () => {
    const open = await waitFor(`${count} connections to be open`, async () => {
      const found = await openTraffic(cluster, client);
      // The client's connections, and as many that its sidecar opens for them.
      return found.length === 2 * count && found;
    });
    await act();
    expect(await openTraffic(cluster, client)).toEqual(open);
  })().finally(() => endTraffic(cluster, client));
  await allOver<void>([...runs, acted]);
  expect(outcomes).toEqual(families.map(() => expect.objectContaining({ wrongBytes: 0, errors: 0, connections: ofEach }) as TrafficOutcome));
}
