// Connections that stay open while mode, selection or resource change: they join and leave accordingly, and no byte on them is wrong.
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

/** Connections over each family. One stream is enough: a stream fills megabytes of buffers on its way, which must drain at the end. */
const ofEach = { turns: 4, up: 1 } as const;
const connections = families.length * ofEach.turns;
const everyEnd = allEnds(connections);
const testMs = 240_000;
/** The number of bytes after which it is certain whether they take the fast path. */
const plenty = 20e6;

let cluster: Cluster;
let mesh: TestMesh;

beforeAll(async () => {
  ({ cluster, mesh } = await acceleratedMesh());
}, bringUpMs);

const whileOpen = (mode: keyof typeof ofEach, act: () => Promise<void>): Promise<void> =>
  whileAllOpen(cluster, mesh, { mode, ofEach: ofEach[mode] }, act);

/** Waits until the status shows all connection ends as accelerated. @param more further fields of `connections` to expect */
const allAccelerated = (more: Partial<NamespaceStatus['connections']> = {}): Promise<NamespaceStatus> =>
  shows(cluster, selectedNamespace, { state: 'Accelerated', connections: { open: everyEnd, accelerated: everyEnd, ...more }, reasons: [] });

/** Waits until enough bytes were sent since an earlier status, and returns how many. */
async function movedSince({ bytes: before }: NamespaceStatus): Promise<Bytes> {
  const sum = ({ fast, tcp }: Bytes): number => fast + tcp;
  const { bytes } = await shows(cluster, selectedNamespace, {}, (entry) => sum(entry.bytes) > sum(before) + plenty);
  return { fast: bytes.fast - before.fast, tcp: bytes.tcp - before.tcp };
}

/** Checks that most bytes took the fast path: each end sends a message over TCP from time to time. */
function expectFast({ fast, tcp }: Bytes): void {
  expect(fast).toBeGreaterThan(0.8 * (fast + tcp));
}

test(
  'connections that were open before anything was attached join under load, and the status counts them as adopted',
  async () => {
    await deleteResource(cluster);
    await whileOpen('turns', async () => {
      await applyExample(cluster);
      const joined = await allAccelerated({ adopted: everyEnd });
      await joinedCount(cluster, 'node1', hops * connections);
      expectFast(await movedSince(joined));
    });
  },
  testMs,
);

test(
  'mode Off stops redirecting at once, and Accelerate starts it again',
  async () => {
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
  },
  testMs,
);

test(
  'a stream without answers leaves the map, and the status says why it runs over TCP',
  async () => {
    await whileOpen('up', async () => {
      const streams = allEnds(families.length * ofEach.up);
      const streaming = await shows(cluster, selectedNamespace, {
        state: 'NotAccelerated',
        connections: { open: streams, accelerated: 0 },
        reasons: [{ reason: 'OneWay', connections: streams }],
      });
      await waitFor(
        'the streams to have left the map',
        async () => (await metricsOn(cluster, 'node1')).get('sidecar_acceleration_agent_joined_sockets') === 0,
      );
      expect((await movedSince(streaming)).fast).toBe(0);
    });
  },
  testMs,
);

test(
  'connections of a pod that leaves the selection are no longer accelerated, and join again when the pod comes back',
  async () => {
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
  },
  testMs,
);
