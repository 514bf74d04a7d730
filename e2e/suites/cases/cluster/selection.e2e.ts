// Connections of a namespace that is not selected, and of pods and namespaces that have opted out, are not accelerated.
import type { Cluster } from '../../../stand/cluster/cluster';
import { selectedLabels, selectedNamespace, unselectedNamespace } from '../../../stand/mesh/demoMesh';
import { allEnds } from '../../../stand/mesh/hops';
import { load, type LoadResult } from '../../../stand/mesh/load';
import type { PodAddress } from '../../../stand/mesh/mesh';
import { acceleratedMesh, bringUpMs } from '../../../stand/product/acceleratedMesh';
import { settled } from '../../../stand/product/acceleration';
import { joinedCount, joinedOn, metricsOn } from '../../../stand/product/agents';
import { during } from '../../../stand/support/rounds';
import { bytesWhenQuiet, entryOf, shows, statusNow } from '../../../stand/product/shown';
import type { TestMesh } from '../../../stand/product/testMesh';
import { waitFor } from '../../../stand/support/waitFor';
import { modeLabel, modeLabelOff } from '../../../../operator/api';

const connections = 16;
const [selectingLabel = ''] = Object.keys(selectedLabels);
const everyEnd = allEnds(connections);

let cluster: Cluster;
let mesh: TestMesh;

beforeAll(async () => {
  ({ cluster, mesh } = await acceleratedMesh());
}, bringUpMs);

afterAll(async () => {
  await label(`${selectingLabel}-`, `${modeLabel}-`);
});

function label(...labels: string[]): Promise<string> {
  return cluster.kubectl(['label', 'namespace', unselectedNamespace, '--overwrite', ...labels]);
}

function loadOf(client: PodAddress, server: PodAddress): Promise<LoadResult> {
  return load(cluster, { client, server, protocol: 'tcp', seconds: 3, connections });
}

/** Loads the namespace that the example resource does not select. */
const unselectedLoad = (): Promise<LoadResult> => loadOf(mesh.unselectedClient, mesh.unselectedServer);

/** The largest number of joined connections or sockets that the kernel or the agents' metrics show during a run of load. */
async function joinedDuring(run: () => Promise<LoadResult>): Promise<number> {
  const samples = await during(
    async () => {
      const nodes = cluster.nodes.map(async ({ name }) => [
        (await joinedOn(cluster, name)).length,
        (await metricsOn(cluster, name)).get('sidecar_acceleration_agent_joined_sockets') ?? Number.NaN,
      ]);
      return Math.max(...(await Promise.all(nodes)).flat());
    },
    async () => {
      const { errors, requests } = await run();
      expect(errors).toBe(0);
      expect(requests).toBeGreaterThan(1000);
    },
  );
  return Math.max(...samples);
}

test('a namespace that is not selected has no socket in the map, no redirected byte and no entry in the status', async () => {
  const before = await bytesWhenQuiet(cluster, selectedNamespace);
  expect(await joinedDuring(unselectedLoad)).toBe(0);
  expect(await bytesWhenQuiet(cluster, selectedNamespace)).toEqual(before);
  const status = await statusNow(cluster);
  expect(entryOf(status, unselectedNamespace)).toBeUndefined();
  expect(status.bytes).toEqual(before);
  for (const { name } of cluster.nodes) {
    expect([...(await metricsOn(cluster, name)).keys()].filter((series) => series.includes(`"${unselectedNamespace}"`))).toEqual([]);
  }
});

test('a pod that has opted out is not accelerated, and the reason is counted at the other end of its connection', async () => {
  const results = await during(
    () => loadOf(mesh.client, mesh.optedOut),
    async () => {
      await shows(cluster, selectedNamespace, {
        state: 'Partial',
        connections: { open: 3 * connections, accelerated: 2 * connections },
        reasons: [{ reason: 'PeerNotSelected', connections }],
      });
      const joined = await joinedCount(cluster, 'node1', connections);
      expect(joined.map(({ path }) => path)).toEqual(Array(connections).fill('PodLocal'));
    },
  );
  expect(results.map(({ errors }) => errors)).toEqual(results.map(() => 0));
});

test('a namespace joins by its label under load, and leaves by opting out under load', async () => {
  const results = await during(unselectedLoad, async () => {
    await label(...Object.entries(selectedLabels).map((pair) => pair.join('=')));
    await shows(cluster, unselectedNamespace, { state: 'Accelerated', connections: { open: everyEnd, accelerated: everyEnd } });
    await label(`${modeLabel}=${modeLabelOff}`);
    await waitFor('the namespace to leave the status', async () => entryOf(await statusNow(cluster), unselectedNamespace) === undefined);
  });
  expect(results.map(({ errors }) => errors)).toEqual(results.map(() => 0));
  await settled(cluster);
  await waitFor('the connections of before to close', async () => (await joinedOn(cluster, 'node1')).length === 0);
  expect(await joinedDuring(unselectedLoad)).toBe(0);
});
