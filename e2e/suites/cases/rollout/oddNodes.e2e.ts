// Nodes that cannot accelerate, are not ready, come or go during a rollout: each has its reason in the status, and none delays the others.
import { RolloutBench } from '../../../stand/api/rolloutBench';
import type { Fate } from '../../../stand/api/simulatedFleet';
import { waitFor } from '../../../stand/support/waitFor';

const well = ['n1', 'n2', 'n3'];
const unsupported: Record<string, Fate> = { 'cgroup-v1': 'NoCgroup2', 'no-btf': 'NoBtf', 'old-kernel': 'KernelTooOld' };
/** A node whose agent crashes with every revision, the first included. */
const broken = 'broken';
let rollout: RolloutBench;

beforeAll(async () => {
  rollout = await RolloutBench.start((node) => (node.startsWith('crashing') || node === broken ? 'crashes' : (unsupported[node] ?? 'well')));
  const { fleet, bench } = rollout;
  for (const name of [...well, ...Object.keys(unsupported), 'away', 'worked-on', 'taken', broken]) await fleet.addNode(name);
  await fleet.addNode('mainframe', { arch: 's390x' });
  await fleet.addNode('fargate', { labels: { 'eks.amazonaws.com/compute-type': 'fargate' } });
  await fleet.addNode('aci', {
    labels: { type: 'virtual-kubelet' },
    taints: [{ key: 'virtual-kubelet.io/provider', value: 'azure', effect: 'NoSchedule' }],
  });
  await fleet.addNode('dedicated', { taints: [{ key: 'dedicated', effect: 'NoSchedule' }] });
  await bench.applyResource({ nodes: { tolerations: [] }, rollout: { bakeSeconds: 1, verdict: { withinSeconds: 8 } }, agent: { image: 'agent:1' } });
  await waitFor('the first revision on every node that can have it', () => fleet.on('agent:1').length === 10);
  await rollout.at('Done');
  await fleet.setReady('away', false);
  await bench.kubectl(['cordon', 'worked-on']);
  await bench.kubectl(['taint', 'node', 'taken', 'dedicated=:NoSchedule']);
}, 180_000);

afterAll(() => rollout?.stop());

it('the status names nodes that get no agent, with the reason', async () => {
  const { nodes } = (await rollout.bench.resource()).status ?? {};
  expect(nodes?.leftOut).toEqual([
    { reason: 'VirtualNode', nodes: 2, examples: ['aci', 'fargate'] },
    { reason: 'TaintNotTolerated', nodes: 1, examples: ['dedicated'] },
    { reason: 'UnsupportedPlatform', nodes: 1, examples: ['mainframe'] },
  ]);
});

it('a rollout does not wait for nodes that are not ready, cordoned, tainted or were not healthy, and updates those that cannot accelerate', async () => {
  await rollout.image('agent:2');
  const { aside, revisions, to } = await rollout.at('Done');
  expect(aside).toEqual([
    { reason: 'NodeCordoned', nodes: 1, examples: ['worked-on'] },
    { reason: 'NodeNotReady', nodes: 1, examples: ['away'] },
    { reason: 'TaintNotTolerated', nodes: 1, examples: ['taken'] },
    { reason: 'WasNotWell', nodes: 1, examples: [broken] },
  ]);
  expect(revisions).toContainEqual({ revision: to, updated: 6, verifying: 0, failed: 0 });
  expect(rollout.fleet.on('agent:1')).toEqual(['away', 'taken', 'worked-on']);
  const { nodes } = (await rollout.bench.resource()).status ?? {};
  expect(nodes?.unsupported.map(({ reason, examples }) => [reason, ...examples])).toEqual(
    expect.arrayContaining([
      ['KernelTooOld', 'old-kernel'],
      ['NoBtf', 'no-btf'],
      ['NoCgroup2', 'cgroup-v1'],
    ]),
  );
});

it('nodes that come back get the new revision by themselves', async () => {
  await rollout.fleet.setReady('away', true);
  await rollout.bench.kubectl(['uncordon', 'worked-on']);
  await rollout.bench.kubectl(['taint', 'node', 'taken', 'dedicated-']);
  await waitFor('no agent of before', () => rollout.fleet.on('agent:1').length === 0);
});

it('nodes that join or leave during a rollout do not delay it, whether their agents are healthy or crash', async () => {
  await rollout.policy({ bakeSeconds: 3600 });
  await rollout.image('agent:3');
  await rollout.at('Baking');
  await rollout.fleet.addNode('n4');
  await rollout.fleet.addNode('crashing-newcomer');
  await rollout.fleet.removeNode('n3');
  await rollout.policy({ bakeSeconds: 1 });
  const { aside, failures } = await rollout.at('Done');
  expect(failures).toEqual([]);
  expect(aside).toContainEqual({ reason: 'JoinedMeanwhile', nodes: 1, examples: ['crashing-newcomer'] });
  expect(rollout.fleet.on('agent:3')).toEqual(expect.arrayContaining(['n1', 'n2', 'n4', 'away', 'taken', 'worked-on']));
});

it('the simulation had no errors', () => {
  expect(rollout.fleet.troubles).toEqual([]);
});
