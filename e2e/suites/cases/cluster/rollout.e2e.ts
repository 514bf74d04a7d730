// Rollouts on three real nodes under load: a good revision reaches all nodes, a bad one only its canary, and no connection is harmed.
import type { RolloutStage, RolloutStatus } from '../../../../operator/api';
import { ownRun } from '../../../stand/cluster/abandoned';
import type { Cluster } from '../../../stand/cluster/cluster';
import { applyExample, productNamespace, readResource } from '../../../stand/product/acceleration';
import { agentPods } from '../../../stand/product/agents';
import { heavilyLoaded } from '../../../stand/product/heavyLoad';
import { bringUpInstalled } from '../../../stand/product/installedCluster';
import { testMesh, type TestMesh } from '../../../stand/product/testMesh';
import { waitFor } from '../../../stand/support/waitFor';
import { meshImage } from '../../../stand/mesh/meshImage';
import { installTools } from '../../../stand/tools/install';
import { Progress } from '../../../../release/tools/progress';

const testMs = 300_000;
const patience = { timeoutMs: 180_000, everyMs: 500 };
let cluster: Cluster;
let mesh: TestMesh;

beforeAll(async () => {
  const progress = new Progress();
  cluster = await bringUpInstalled(await ownRun('sca-rollout'), await installTools(progress), progress, undefined, 3);
  mesh = await testMesh(cluster);
  await applyExample(cluster, patience);
  await change({ rollout: { bakeSeconds: 15, maxUnavailable: 1, verdict: { withinSeconds: 60, maxRestarts: 1 } } });
  await at('Done');
}, testMs);

afterAll(() => cluster?.down(), 60_000);

function change(spec: object): Promise<string> {
  return cluster.kubectl(['patch', 'sca', 'default', '--type=merge', '-p', JSON.stringify({ spec })]);
}

/** Waits until the rollout of the current spec is at this stage. */
function at(stage: RolloutStage): Promise<RolloutStatus> {
  return waitFor(
    `the stage ${stage}`,
    async () => {
      const { metadata, status } = await readResource(cluster);
      const { rollout, observedGeneration } = status ?? {};
      if (rollout?.stage !== stage || observedGeneration !== metadata.generation) throw new Error(JSON.stringify(rollout));
      return rollout;
    },
    patience,
  );
}

/** Runs `act` under load of every kind, and checks that no request fails and no byte is wrong. */
async function underLoad(act: () => Promise<void>): Promise<void> {
  const { requests, checksummedBytes, ...account } = await heavilyLoaded(cluster, mesh, act);
  console.log(
    `during the rollout: ${requests} requests, ${account.failures} failed; ${(checksummedBytes / 1e9).toFixed(1)} GB checksummed, ${account.wrongBytes} bytes wrong`,
  );
  expect(account).toMatchObject({ failures: 0, wrongBytes: 0, errors: [] });
  expect(requests).toBeGreaterThan(0);
}

/** The node and revision of each agent, in the order of the nodes. */
async function agents(): Promise<string[]> {
  const columns = 'custom-columns=R:.metadata.labels.acceleration\\.dev/revision,N:.spec.nodeName';
  return (await cluster.kubectl(['get', 'pods', '-n', productNamespace, '-l', agentPods, '--no-headers', '-o', columns, '--sort-by=.spec.nodeName']))
    .trim()
    .split('\n');
}

test(
  'a good revision reaches all three nodes, the canary first',
  async () => {
    const before = await at('Done');
    await underLoad(async () => {
      await change({ agent: { logLevel: 'debug' } });
      const { message } = await at('Baking');
      expect(message).toMatch(/canary on node\d is healthy/);
      expect((await agents()).filter((line) => line.startsWith(before.to))).toHaveLength(2);
      await at('Done');
    });
    const { to, revisions } = await at('Done');
    expect(to).not.toBe(before.to);
    expect(revisions).toEqual([{ revision: to, updated: 3, verifying: 0, failed: 0 }]);
  },
  testMs,
);

test(
  'a revision with an image that is not the product’s is stopped at its canary and rolled back',
  async () => {
    const before = await at('Done');
    await underLoad(async () => {
      await change({ agent: { image: meshImage } });
      const { failures, message } = await at('Stopped');
      expect(failures).toHaveLength(1);
      expect(failures[0]?.why).toMatch(/restarted|not ready/);
      expect(message).toContain(`every node has revision ${before.to} again`);
    });
    expect((await agents()).every((line) => line.startsWith(before.to))).toBe(true);
    await cluster.kubectl(['wait', '--for=condition=Ready', 'sca/default', '--timeout=60s']);
    const events = await cluster.kubectl(['describe', 'sca', 'default']);
    for (const reason of ['RolloutStarted', 'CanaryProven', 'RolloutFinished', 'RolloutFailed', 'RolledBack']) expect(events).toContain(reason);
  },
  testMs,
);
