// Nothing that happens to the product harms a connection: switched, killed, replaced and deleted under load of every kind.
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
/** Everything that the controller makes for a resource. */
const rendered = 'app.kubernetes.io/component in (agent,channel)';
/** Kubelet and lease have their own pace, and the machine is shared. */
const patience = { timeoutMs: 300_000 };
const testMs = 900_000;
const leastBytes = 5e9;

let cluster: Cluster;
let mesh: TestMesh;
const accounts: Account[] = [];

beforeAll(async () => {
  ({ cluster, mesh } = await acceleratedMesh());
}, testMs);

/** Does it under load of every kind, of which nothing may fail or be wrong. */
async function underLoad(act: () => Promise<void>): Promise<void> {
  const account = await heavilyLoaded(cluster, mesh, act);
  accounts.push(account);
  expect(account).toMatchObject({ failures: 0, wrongBytes: 0, errors: [] });
  expect(account.requests).toBeGreaterThan(0);
  expect(account.checksummedBytes).toBeGreaterThan(0);
}

/** Waits until other containers than those of before run, as many as before. */
async function restarted(selector: string, container: string, before: readonly string[]): Promise<void> {
  await waitFor(`new ${container} containers`, async () => {
    const now = await runningContainers(cluster, productNamespace, selector, container);
    return now.length === before.length && now.every((id) => !before.includes(id));
  }, patience);
}

/** Off and on again: proof that orders reach every node and that their effect comes back. */
async function obeys(): Promise<void> {
  for (const mode of ['Off', 'Accelerate'] as const) await switchMode(cluster, mode, patience);
}

test('switched off and on ten times', async () => {
  await underLoad(async () => {
    for (let times = 1; times <= 10; times += 1) await obeys();
  });
}, testMs);

test.each([
  { who: 'the agents', selector: agentPods, container: 'agent' },
  { who: 'the controller', selector: controllerPods, container: 'controller' },
])('$who killed with SIGKILL', async ({ selector, container }) => {
  await underLoad(async () => {
    const before = await runningContainers(cluster, productNamespace, selector, container);
    expect(await killContainers(cluster, productNamespace, selector, container)).toBe(before.length);
    await restarted(selector, container, before);
    await obeys();
  });
}, testMs);

test('the agents\' pods replaced', async () => {
  await underLoad(async () => {
    const before = await runningContainers(cluster, productNamespace, agentPods, 'agent');
    await replacePods(cluster, productNamespace, agentPods);
    await restarted(agentPods, 'agent', before);
    await obeys();
  });
}, testMs);

test('the resource deleted: nothing of it is pinned, attached or left in the cluster', async () => {
  for (const node of cluster.nodes) {
    const held = await remainsOn(cluster, node);
    expect(held.pins.length).toBeGreaterThan(0);
    expect(held.attached.length).toBeGreaterThan(0);
  }
  await underLoad(async () => {
    await deleteResource(cluster);
    for (const node of cluster.nodes) expect(await remainsOn(cluster, node)).toEqual({ pins: [], attached: [] });
  });
  await waitFor('the agents to be gone', async () => {
    // The Secret of the channel belongs to the installed controller, as its Service does.
    const kinds = 'daemonsets,pods,configmaps,serviceaccounts,services';
    expect(await cluster.kubectl(['get', kinds, '-n', productNamespace, '-l', rendered, '-o', 'name'])).toBe('');
    return true;
  }, patience);
  expect(await cluster.kubectl(['get', 'sidecaraccelerations', '-o', 'name'])).toBe('');
}, testMs);

test('a new resource accelerates again', async () => {
  await applyExample(cluster, patience);
  const [connections, all] = [16, allEnds(16)];
  const results = await during(
    () => load(cluster, { client: mesh.client, server: mesh.server, protocol: 'tcp', seconds: 3, connections }),
    async () => void (await shows(cluster, selectedNamespace, { state: 'Accelerated', connections: { open: all, accelerated: all } })),
  );
  expect(results.map(({ errors }) => errors)).toEqual(results.map(() => 0));
}, testMs);

test('through all of it at least 5 GB were checksummed, none wrong, and no request failed', async () => {
  // A slow machine goes on switching until as much has been moved.
  while (accountOf(accounts).checksummedBytes < leastBytes) await underLoad(obeys);
  const { requests, failures, checksummedBytes, wrongBytes } = accountOf(accounts);
  console.log(`under load: ${requests} requests, ${failures} failures, ${(checksummedBytes / 1e9).toFixed(1)} GB checksummed, ${wrongBytes} wrong bytes`);
  expect({ failures, wrongBytes }).toEqual({ failures: 0, wrongBytes: 0 });
  expect(checksummedBytes).toBeGreaterThanOrEqual(leastBytes);
}, testMs);
