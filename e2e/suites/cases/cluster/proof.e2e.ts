// The status of the resource on a real mesh against the bytes that were sent: what it accelerates, over which hops, and what it only observes.
import type { Cluster } from '../../../stand/cluster/cluster';
import { selectedNamespace } from '../../../stand/mesh/demoMesh';
import { allEnds, allHopsOpen, ends, hops } from '../../../stand/mesh/hops';
import { load, type LoadPlan } from '../../../stand/mesh/load';
import { acceleratedMesh, bringUpMs } from '../../../stand/product/acceleratedMesh';
import { applyExample, applyResource, settled, switchMode } from '../../../stand/product/acceleration';
import { joinedCount, joinedOn } from '../../../stand/product/agents';
import { during } from '../../../stand/support/rounds';
import { bytesWhenQuiet, shows } from '../../../stand/product/shown';
import type { TestMesh } from '../../../stand/product/testMesh';
import { warmUp } from '../../../stand/product/warmUp';

const connections = 16;
const payloadBytes = 1024;
/** A request and its answer. */
const ways = 2;

let cluster: Cluster;
let mesh: TestMesh;

beforeAll(async () => {
  ({ cluster, mesh } = await acceleratedMesh());
}, bringUpMs);

/** Runs load until `act` is over. Checks that no request fails, and returns how many were answered. */
async function loaded(plan: Pick<LoadPlan, 'server' | 'protocol' | 'family'>, act: () => Promise<unknown>): Promise<number> {
  // Envoy's pooled connections close in the pause between rounds. Without the pause Envoy would go on using a connection of an earlier
  // test, and a connection that was opened while its peer was not selected stays on TCP.
  const round = async () => {
    await bytesWhenQuiet(cluster, selectedNamespace);
    return load(cluster, { client: mesh.client, seconds: 4, connections, payloadBytes, ...plan });
  };
  const results = await during(round, async () => void (await act()));
  expect(results.reduce((sum, { errors }) => sum + errors, 0)).toBe(0);
  return results.reduce((sum, { requests }) => sum + requests, 0);
}

const kinds = (['tcp', 'http'] as const).flatMap((protocol) => (['ipv4', 'ipv6'] as const).map((family) => ({ protocol, family })));

test.each(kinds)('one kubectl apply accelerates every connection of the mesh: $protocol over $family', async ({ protocol, family }) => {
  const plan = { server: mesh.server, protocol, family };
  await warmUp(cluster, [{ client: mesh.client, connections, ...plan }]);
  const before = await bytesWhenQuiet(cluster, selectedNamespace);
  const requests = await loaded(plan, () =>
    shows(cluster, selectedNamespace, { state: 'Accelerated', reasons: [] }, (entry) => {
      const { open, accelerated } = entry.connections;
      return accelerated === open && allHopsOpen(protocol, connections, open);
    }),
  );
  const after = await bytesWhenQuiet(cluster, selectedNamespace);
  const payload = hops * ways * payloadBytes * requests;
  const [fast, tcp] = [after.fast - before.fast, after.tcp - before.tcp];
  expect(fast + tcp).toBeGreaterThanOrEqual(payload);
  expect(fast).toBeGreaterThan(0.95 * payload);
});

test('the hop to another node stays on TCP with its reason in the status, while the hops inside both pods are accelerated', async () => {
  await bytesWhenQuiet(cluster, selectedNamespace);
  await loaded({ server: mesh.far, protocol: 'tcp' }, async () => {
    await shows(cluster, selectedNamespace, {
      state: 'Partial',
      connections: { open: allEnds(connections), accelerated: (hops - 1) * ends * connections },
      reasons: [{ reason: 'PeerElsewhere', connections: ends * connections }],
    });
    for (const { name } of cluster.nodes) {
      const joined = await joinedCount(cluster, name, connections);
      expect(joined.filter(({ path }) => path === 'NodeLocal')).toEqual([]);
    }
  });
});

test('with only the path NodeLocal, requests to the other node add no byte to the fast path', async () => {
  await applyResource(cluster, { selector: selectorOf(selectedNamespace), paths: ['NodeLocal'] });
  await settled(cluster);
  const before = await bytesWhenQuiet(cluster, selectedNamespace);
  await loaded({ server: mesh.far, protocol: 'tcp' }, () =>
    shows(cluster, selectedNamespace, { state: 'NotAccelerated', connections: { open: allEnds(connections), accelerated: 0 } }),
  );
  expect((await bytesWhenQuiet(cluster, selectedNamespace)).fast).toBe(before.fast);
});

test('mode Observe counts every connection, joins none and redirects no byte', async () => {
  await applyExample(cluster);
  await switchMode(cluster, 'Observe');
  const before = await bytesWhenQuiet(cluster, selectedNamespace);
  const open = allEnds(connections);
  const requests = await loaded({ server: mesh.server, protocol: 'tcp' }, async () => {
    await shows(cluster, selectedNamespace, {
      state: 'NotAccelerated',
      connections: { open, accelerated: 0 },
      reasons: [{ reason: 'Observing', connections: open }],
    });
    expect(await joinedOn(cluster, 'node1')).toEqual([]);
  });
  const after = await bytesWhenQuiet(cluster, selectedNamespace);
  expect(after.fast).toBe(before.fast);
  expect(after.tcp - before.tcp).toBeGreaterThanOrEqual(hops * ways * payloadBytes * requests);
  await switchMode(cluster, 'Accelerate');
});

function selectorOf(namespace: string): object {
  return { namespaces: { matchLabels: { 'kubernetes.io/metadata.name': namespace } } };
}
