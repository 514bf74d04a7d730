// Bad revisions on simulated nodes: each fails at the canary, fails again at a second node as confirmation, and goes no further.
import { podOn } from '../../../stand/api/controllerBench';
import { RolloutBench } from '../../../stand/api/rolloutBench';
import type { Fate } from '../../../stand/api/simulatedFleet';

const nodes = ['n1', 'n2', 'n3'];
let rollout: RolloutBench;
let good = 0;

beforeAll(async () => {
  rollout = await RolloutBench.start((node, image) =>
    image.startsWith('good') || (image.startsWith('alone') && image !== `alone:${node}`)
      ? 'well'
      : image.startsWith('alone')
        ? 'crashes'
        : ((image.split(':')[1] ?? '').replaceAll('-', ' ') as Fate),
  );
  for (const name of nodes) await rollout.fleet.addNode(name);
  await rollout.bench.applyResource({ rollout: { bakeSeconds: 2, maxUnavailable: 1, verdict: { withinSeconds: 5 } }, agent: { image: 'good:0' } });
  await rollout.at('Done');
});

afterAll(() => rollout?.stop());

it.each([
  ['crashes', /^its agent was restarted ([3-9]|\d{2,}) times$/],
  ['never-ready', /^not healthy within \d+ s: its pod is not ready$/],
  ['silent', /^not healthy within \d+ s: its agent does not report to the controller$/],
  ['LoadRefused', /^LoadRefused since its update$/],
  ['accelerates-little', /^not healthy within \d+ s: it accelerates 10 % of its connections, and accelerated 90 % before$/],
  ['errs', /^its agent counted 99 errors$/],
])('an agent that %s: the revision gets to the canary and to one more node that confirms the failure, and no further', async (fate, why) => {
  await rollout.image(`bad:${fate}`);
  const { failures, from, to, message } = await rollout.at('Stopped');
  expect(failures).toEqual(['n1', 'n2'].map((node) => ({ node, why: expect.stringMatching(why) as string })));
  expect(message).toContain(`every node has revision ${from} again`);
  expect(rollout.fleet.madeOf(`bad:${fate}`)).toEqual({ n1: 1, n2: 1 });
  await rollout.runs(`good:${good}`, nodes);
  expect(await rollout.eventsOf(to)).toEqual(['RolloutFailed', 'RolloutStarted']);
  expect(await rollout.bench.condition('Degraded')).toMatchObject({ status: 'True', reason: 'RolloutFailed' });
  await rollout.bench.ready();
});

it('with onFailure Pause a bad revision stays on the nodes that failed, until onFailure is RollBack', async () => {
  await rollout.policy({ onFailure: 'Pause' });
  await rollout.image('bad:crashes');
  const { message, revisions, to } = await rollout.at('Stopped');
  expect(message).toContain('the rollout has stopped');
  expect(revisions).toContainEqual({ revision: to, updated: 0, verifying: 0, failed: 2 });
  expect(rollout.fleet.on('bad:crashes')).toEqual(['n1', 'n2']);
  await rollout.policy({ onFailure: 'RollBack' });
  await rollout.runs(`good:${good}`, nodes);
  await rollout.at('Stopped');
});

it('a node that fails alone does not stop the rollout, and the status names it', async () => {
  await rollout.image('alone:n1');
  await rollout.at('Done');
  expect(rollout.fleet.on('alone:n1')).toEqual(nodes);
  const status = await rollout.rollout();
  expect(status?.revisions).toContainEqual({ revision: status?.to, updated: 2, verifying: 0, failed: 0 });
  // When the revision has been on every node it is verified, and the failing node is one that was not healthy before.
  expect(status?.aside).toEqual([{ reason: expect.stringMatching(/^(FailedAlone|WasNotWell)$/) as string, nodes: 1, examples: ['n1'] }]);
});

it('after failures the next good revision reaches every node', async () => {
  await rollout.image(`good:${++good}`);
  await rollout.at('Done');
  await rollout.runs(`good:${good}`, nodes);
  expect(await rollout.bench.condition('Degraded')).toMatchObject({ status: 'False' });
});

it('a rollout that is paused before its begin replaces no agent, paused at its canary no other agent, and goes on after each pause', async () => {
  await rollout.policy({ paused: true });
  await rollout.image(`good:${++good}`);
  const { message } = await rollout.at('Paused');
  expect(message).toMatch(/^paused by spec\.rollout\.paused; revision \w+: 0 of 3 nodes updated$/);
  expect(await rollout.bench.condition('Progressing')).toMatchObject({ status: 'False', reason: 'RolloutPaused' });
  expect(rollout.fleet.on(`good:${good}`)).toEqual([]);
  await rollout.policy({ paused: false, bakeSeconds: 3600 });
  await rollout.at('Baking');
  await rollout.policy({ paused: true, bakeSeconds: 0 });
  await rollout.at('Paused');
  expect(rollout.fleet.on(`good:${good}`)).toEqual(['n1']);
  await rollout.policy({ paused: false });
  await rollout.at('Done');
  await rollout.runs(`good:${good}`, nodes);
});

describe('with two tenants', () => {
  beforeAll(async () => {
    const { bench } = rollout;
    await bench.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'tenant', labels: { mesh: 'on' } } });
    for (const node of nodes) await bench.create(podOn(node, 'tenant', `of-tenant-on-${node}`));
    await rollout.image('both:two-tenants');
    await rollout.at('Done');
  });

  it('a revision reaches every node while one of them keeps idle connections only', async () => {
    await rollout.image('both:one-tenant-idle');
    expect(await rollout.at('Done')).toMatchObject({ failures: [], aside: [] });
    await rollout.runs('both:one-tenant-idle', nodes);
    await rollout.image('both:two-tenants');
    await rollout.at('Done');
  });

  it('a revision that accelerates little of both is stopped, and every node has the former one again', async () => {
    await rollout.image('both:two-tenants-little');
    const { failures } = await rollout.at('Stopped');
    const why = /^not healthy within \d+ s: it accelerates less of 2 of 2 namespaces: 10 % of shop \(90 % before\), 10 % of tenant \(90 % before\)$/;
    expect(failures).toEqual(['n1', 'n2'].map((node) => ({ node, why: expect.stringMatching(why) as string })));
    await rollout.runs('both:two-tenants', nodes);
  });
});

it('the simulation had no errors', () => {
  expect(rollout.fleet.troubles).toEqual([]);
});
