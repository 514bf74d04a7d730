// No connection is harmed when the product is switched, killed, replaced or deleted under load of every kind.
import type { Cluster } from '../../../stand/cluster/cluster';
import { selectedNamespace } from '../../../stand/mesh/demoMesh';
import { allEnds } from '../../../stand/mesh/hops';
import { load } from '../../../stand/mesh/load';
import { acceleratedMesh } from '../../../stand/product/acceleratedMesh';
import { applyExample, deleteResource, productNamespace, switchMode } from '../../../stand/product/acceleration';
import { agentPods } from '../../../stand/product/agents';
import { killContainers, replacePods, runningContainers } from '../../../stand/product/disturb';
import { accountOf, heavilyLoaded, type Account } from '../../../stand/product/heavyLoad';
import { remainsOn } from '../../../stand/product/remains';
import { during } from '../../../stand/support/rounds';
import { shows } from '../../../stand/product/shown';
import type { TestMesh } from '../../../stand/product/testMesh';
import { waitFor } from '../../../stand/support/waitFor';

const controllerPods = 'app.kubernetes.io/component=controller';
/** A selector for all objects that the controller makes for a resource. */
const rendered = 'app.kubernetes.io/component in (agent,channel)';
/** How long to wait: restarts by the kubelet and a new leader take time, and the machine is shared. */
const patience = { timeoutMs: 300_000 };
const testMs = 900_000;
const leastBytes = 5e9;

let cluster: Cluster;
let mesh: TestMesh;
const accounts: Account[] = [];

beforeAll(async () => {
  ({ cluster, mesh } = await acceleratedMesh());
}, testMs);

/** Runs `act` under load of every kind, and checks that no request fails and no byte is wrong. */
async function underLoad(act: () => Promise<void>): Promise<void> {
  const account = await heavilyLoaded(cluster, mesh, act);
  accounts.push(account);
  expect(account).toMatchObject({ failures: 0, wrongBytes: 0, errors: [] });
  expect(account.requests).toBeGreaterThan(0);
  expect(account.checksummedBytes).toBeGreaterThan(0);
}

/** Waits until as many containers run as before, all of them new. */
async function restarted(selector: string, container: string, before: readonly string[]): Promise<void> {
  await waitFor(
    `new ${container} containers`,
    async () => {
      const now = await runningContainers(cluster, productNamespace, selector, container);
      return now.length === before.length && now.every((id) => !before.includes(id));
    },
    patience,
  );
}

/** Switches the mode Off and back, to show that every node follows orders. */
async function obeys(): Promise<void> {
  for (const mode of ['Off', 'Accelerate'] as const) await switchMode(cluster, mode, patience);
}

test(
  'no connection is harmed when the mode is switched off and on ten times',
  async () => {
    await underLoad(async () => {
      for (let times = 1; times <= 10; times += 1) await obeys();
    });
  },
  testMs,
);

test.each([
  { who: 'the agents', selector: agentPods, container: 'agent' },
  { who: 'the controller', selector: controllerPods, container: 'controller' },
])(
  'no connection is harmed when SIGKILL ends $who',
  async ({ selector, container }) => {
    await underLoad(async () => {
      const before = await runningContainers(cluster, productNamespace, selector, container);
      expect(await killContainers(cluster, productNamespace, selector, container)).toBe(before.length);
      await restarted(selector, container, before);
      await obeys();
    });
  },
  testMs,
);

test(
  "the agents' pods replaced",
  async () => {
    await underLoad(async () => {
      const before = await runningContainers(cluster, productNamespace, agentPods, 'agent');
      await replacePods(cluster, productNamespace, agentPods);
      await restarted(agentPods, 'agent', before);
      await obeys();
    });
  },
  testMs,
);

test(
  'after the resource is deleted nothing is pinned or attached, and no object of it is left in the cluster',
  async () => {
    for (const node of cluster.nodes) {
      const held = await remainsOn(cluster, node);
      expect(held.pins.length).toBeGreaterThan(0);
      expect(held.attached.length).toBeGreaterThan(0);
    }
    await underLoad(async () => {
      await deleteResource(cluster);
      for (const node of cluster.nodes) expect(await remainsOn(cluster, node)).toEqual({ pins: [], attached: [] });
    });
    await waitFor(
      'the agents to be gone',
      async () => {
        // The Secret of the channel stays, as its Service does: both belong to the installed controller.
        const kinds = 'daemonsets,pods,configmaps,serviceaccounts,services';
        expect(await cluster.kubectl(['get', kinds, '-n', productNamespace, '-l', rendered, '-o', 'name'])).toBe('');
        return true;
      },
      patience,
    );
    expect(await cluster.kubectl(['get', 'sidecaraccelerations', '-o', 'name'])).toBe('');
  },
  testMs,
);

test(
  'a new resource accelerates again',
  async () => {
    await applyExample(cluster, patience);
    const [connections, all] = [16, allEnds(16)];
    const results = await during(
      () => load(cluster, { client: mesh.client, server: mesh.server, protocol: 'tcp', seconds: 3, connections }),
      async () => void (await shows(cluster, selectedNamespace, { state: 'Accelerated', connections: { open: all, accelerated: all } })),
    );
    expect(results.map(({ errors }) => errors)).toEqual(results.map(() => 0));
  },
  testMs,
);

test(
  'in all of these tests at least 5 GB were checksummed, no byte was wrong, and no request failed',
  async () => {
    // On a slow machine, go on switching until that many bytes have moved.
    while (accountOf(accounts).checksummedBytes < leastBytes) await underLoad(obeys);
    const { requests, failures, checksummedBytes, wrongBytes } = accountOf(accounts);
    console.log(
      `under load: ${requests} requests, ${failures} failures, ${(checksummedBytes / 1e9).toFixed(1)} GB checksummed, ${wrongBytes} wrong bytes`,
    );
    expect({ failures, wrongBytes }).toEqual({ failures: 0, wrongBytes: 0 });
    expect(checksummedBytes).toBeGreaterThanOrEqual(leastBytes);
  },
  testMs,
);
