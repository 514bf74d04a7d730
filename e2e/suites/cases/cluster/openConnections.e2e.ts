// Connections that stay open while what the product does with them changes: they follow, and no byte of theirs is wrong.
import type { NamespaceStatus } from '../../../../operator/api';
import type { Cluster } from '../../../stand/cluster/cluster';
import { selectedLabels, selectedNamespace } from '../../../stand/mesh/demoMesh';
import { allEnds, ends, hops } from '../../../stand/mesh/hops';
import { acceleratedMesh, bringUpMs } from '../../../stand/product/acceleratedMesh';
import { applyExample, applyResource, deleteResource, settled, switchMode } from '../../../stand/product/acceleration';
import { joinedCount, metricsOn } from '../../../stand/product/agents';
import { type Bytes, shows } from '../../../stand/product/shown';
import type { TestMesh } from '../../../stand/product/testMesh';
import { waitFor } from '../../../stand/support/waitFor';
import { families, whileOpen as whileAllOpen } from '../../../stand/product/whileOpen';

/** Connections over each family. Of streams one is enough: on their way they fill megabytes of buffers, which must drain at the end. */
const ofEach = { turns: 4, up: 1 } as const;
const connections = families.length * ofEach.turns;
const everyEnd = allEnds(connections);
const testMs = 240_000;
/** Enough to be sure that bytes move, or that they would have. */
const plenty = 20e6;

let cluster: Cluster;
let mesh: TestMesh;

beforeAll(async () => {
  ({ cluster, mesh } = await acceleratedMesh());
}, bringUpMs);

const whileOpen = (mode: keyof typeof ofEach, act: () => Promise<void>): Promise<void> => whileAllOpen(cluster, mesh, { mode, ofEach: ofEach[mode] }, act);

/** @param more what else the status says of the connections */
const allAccelerated = (more: Partial<NamespaceStatus['connections']> = {}): Promise<NamespaceStatus> =>
  shows(cluster, selectedNamespace, { state: 'Accelerated', connections: { open: everyEnd, accelerated: everyEnd, ...more }, reasons: [] });

/** The bytes sent meanwhile, once there are plenty. */
async function movedSince({ bytes: before }: NamespaceStatus): Promise<Bytes> {
  const sum = ({ fast, tcp }: Bytes): number => fast + tcp;
  const { bytes } = await shows(cluster, selectedNamespace, {}, (entry) => sum(entry.bytes) > sum(before) + plenty);
  return { fast: bytes.fast - before.fast, tcp: bytes.tcp - before.tcp };
}

/** All but the message that each end sends over TCP now and then. */
function expectFast({ fast, tcp }: Bytes): void {
  expect(fast).toBeGreaterThan(0.8 * (fast + tcp));
}

test('connections that were open before anything was attached join under load, and the status counts them as adopted', async () => {
  await deleteResource(cluster);
  await whileOpen('turns', async () => {
    await applyExample(cluster);
    const joined = await allAccelerated({ adopted: everyEnd });
    await joinedCount(cluster, 'node1', hops * connections);
    expectFast(await movedSince(joined));
  });
}, testMs);

test('mode Off stops redirecting at once, and Accelerate takes it up again', async () => {
  await whileOpen('turns', async () => {
    await allAccelerated();
    await switchMode(cluster, 'Off');
    const off = await shows(cluster, selectedNamespace, {
      state: 'NotAccelerated',
      connections: { open: everyEnd, accelerated: 0 },
      reasons: [{ reason: 'SwitchedOff', connections: everyEnd }],
    });
    expect((await movedSince(off)).fast).toBe(0);
    await switchMode(cluster, 'Accelerate');
    expectFast(await movedSince(await allAccelerated()));
  });
}, testMs);

test('a stream without answers leaves the map, and the status says why it runs over TCP', async () => {
  await whileOpen('up', async () => {
    const streams = allEnds(families.length * ofEach.up);
    const streaming = await shows(cluster, selectedNamespace, {
      state: 'NotAccelerated',
      connections: { open: streams, accelerated: 0 },
      reasons: [{ reason: 'OneWay', connections: streams }],
    });
    await waitFor('the streams to have left the map', async () => (await metricsOn(cluster, 'node1')).get('sidecar_acceleration_agent_joined_sockets') === 0);
    expect((await movedSince(streaming)).fast).toBe(0);
  });
}, testMs);

test('a pod that leaves the selection while connected is accelerated no more, and joins again when it comes back', async () => {
  await whileOpen('turns', async () => {
    await allAccelerated();
    await applyResource(cluster, {
      selector: {
        namespaces: { matchLabels: selectedLabels },
        pods: { matchExpressions: [{ key: 'app', operator: 'NotIn', values: [mesh.checksum.name] }] },
      },
    });
    await settled(cluster);
    await shows(cluster, selectedNamespace, { state: 'Partial', connections: { open: everyEnd, accelerated: ends * connections } });
    await applyExample(cluster);
    expectFast(await movedSince(await allAccelerated()));
  });
}, testMs);
