// Rollouts of good and bad revisions of the agents on a real API server and DaemonSet controller, with simulated nodes.
import { ControllerBench, daemonSet } from '../../stand/api/controllerBench';
import { namespace } from '../../stand/api/controllerProcess';
import { SimulatedFleet } from '../../stand/api/simulatedFleet';
import { waitFor } from '../../stand/support/waitFor';

const nodes = ['n1', 'n2', 'n3', 'n4'];
let bench: ControllerBench;
let fleet: SimulatedFleet;

beforeAll(async () => {
  bench = await ControllerBench.start();
  fleet = await SimulatedFleet.start(bench, (_node, image) => (image === 'agent:bad' ? 'crashes' : 'well'));
  for (const name of nodes) await fleet.addNode(name);
  await bench.applyResource({
    rollout: { canary: { count: 1 }, bakeSeconds: 1, maxUnavailable: 2, verdict: { withinSeconds: 30 } },
    agent: { image: 'agent:1' },
  });
});

afterAll(async () => {
  await fleet?.stop();
  await bench?.stop();
});

async function stage(wanted: string): Promise<NonNullable<Awaited<ReturnType<typeof rollout>>>> {
  return waitFor(
    `the stage ${wanted}`,
    async () => {
      const seen = await rollout();
      if (seen?.stage !== wanted) throw new Error(JSON.stringify(seen));
      return seen;
    },
    { timeoutMs: 90_000 },
  );
}

const rollout = async () => (await bench.resource()).status?.rollout;

it('the first revision reaches every node at once, without a canary', async () => {
  const { to, revisions } = await stage('Done');
  expect(revisions).toEqual([{ revision: to, updated: 4, verifying: 0, failed: 0 }]);
  expect(fleet.on('agent:1')).toEqual(nodes);
  await bench.ready();
});

it('the next revision goes to a canary first and then to the other nodes; the resource and events show it', async () => {
  const before = (await rollout())?.to;
  await bench.change({ spec: { agent: { image: 'agent:2' } } });
  await waitFor('the canary', () => fleet.on('agent:2').length === 1);
  expect(fleet.on('agent:1')).toEqual(['n2', 'n3', 'n4']);
  const done = await waitFor(
    'the end',
    async () => {
      const seen = await rollout();
      return seen?.stage === 'Done' && seen.to !== before && seen;
    },
    { timeoutMs: 90_000 },
  );
  expect(done).toMatchObject({ from: done.to, failures: [], remaining: 0 });
  expect(fleet.on('agent:2')).toEqual(nodes);
  expect(await bench.kubectl(['get', 'sca', '-o', 'wide'])).toContain(`revision ${done.to}: on all of 4 nodes`);
  expect(await events()).toEqual(['RolloutStarted', 'CanaryProven', 'RolloutFinished']);
  expect(await bench.kubectl(['describe', 'sca', 'default'])).toMatch(/CanaryProven\s.*has been healthy on 1 canary node for 1 s/);
});

it('a change that needs only an order starts no rollout and replaces no agent', async () => {
  const before = fleet.revisions();
  await bench.change({ spec: { mode: 'Observe', selector: { pods: { matchLabels: { app: 'web' } } } } });
  await waitFor('the order in force', async () => (await bench.resource()).status?.connections?.accelerated === 0);
  expect(fleet.revisions()).toEqual(before);
  await bench.change({ spec: { mode: 'Accelerate', selector: { pods: null } } });
  await waitFor('the order in force', async () => (await bench.resource()).status?.connections?.accelerated === 360);
  expect(await rollout()).toMatchObject({ stage: 'Done' });
});

it('a revision that crashes is stopped at its canary and rolled back, and is not tried again', async () => {
  const good = (await rollout())?.to;
  await bench.change({ spec: { agent: { image: 'agent:bad' } } });
  const stopped = await stage('Stopped');
  expect(stopped).toMatchObject({
    from: good,
    failures: ['n1', 'n2'].map((node) => ({ node, why: expect.stringMatching(/restarted ([3-9]|\d{2,}) times/) as string })),
  });
  expect(fleet.on('agent:2')).toEqual(nodes);
  expect(await bench.condition('Degraded')).toMatchObject({
    status: 'True',
    reason: 'RolloutFailed',
    message: expect.stringContaining(`every node has revision ${good} again`) as string,
  });
  await bench.ready();
  expect(await events()).toEqual(expect.arrayContaining(['RolloutFailed', 'RolledBack']));
});

it('when the spec names the good image again the rollout is done and the resource is no longer Degraded', async () => {
  await bench.change({ spec: { agent: { image: 'agent:2' } } });
  await stage('Done');
  expect(await bench.condition('Degraded')).toMatchObject({ status: 'False' });
  expect(await bench.get('ds', daemonSet, '-n', namespace)).toMatchObject({ spec: { updateStrategy: { type: 'OnDelete' } } });
});

it('the simulation had no errors, and no request of the controller was refused', () => {
  expect(fleet.troubles).toEqual([]);
  expect(bench.controller.log.filter(({ message }) => /\b403\b|[Ff]orbidden/.test(message))).toEqual([]);
});

/** The reasons of the events about the resource, in the order of their times. */
async function events(): Promise<string[]> {
  const { items } = await bench.get(
    'events.events.k8s.io',
    '-n',
    'default',
    '--field-selector=regarding.kind=SidecarAcceleration',
    '--sort-by=.eventTime',
  );
  return items.map(({ reason }: { reason: string }) => reason);
}
