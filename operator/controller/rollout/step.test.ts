// Rollouts step by step, on a fleet whose agents behave as the test sets.
import { type Fate, Fleet, policy } from './fleet.testing';
import type { RolloutPolicy } from './policy';

const names = ['n1', 'n2', 'n3', 'n4', 'n5', 'n6'];

function fleetOn(fates: Partial<Record<string, Fate>> = {}, changes: Partial<RolloutPolicy> = {}): Fleet {
  const fleet = new Fleet(names, { ...policy, ...changes }, (revision, node) => (revision === 'v2' ? (fates[node] ?? 'well') : 'well'));
  fleet.settle();
  return fleet;
}

/** Takes steps at intervals until nothing is left to do, or until a number of steps. */
function run(fleet: Fleet, wanted: string, times = 60, everyMs = 5000): void {
  for (let turn = 0; turn < times; turn += 1) {
    const { progress } = fleet.pass(wanted);
    if (['Done', 'Stopped'].includes(progress.stage)) return;
    fleet.advance(everyMs);
  }
}

test('the first revision has no canary: the DaemonSet creates it on every node', () => {
  const fleet = new Fleet(names, policy);
  expect(fleet.pass('v1').progress).toMatchObject({ stage: 'Rolling', verifying: names });
  fleet.advance(1000);
  expect(fleet.pass('v1')).toMatchObject({ progress: { stage: 'Done', updated: 6 }, memory: { proven: 'v1' }, replace: [] });
});

test('a node on which the first revision never worked stops neither the other nodes nor later revisions', () => {
  const fleet = new Fleet(names, policy, (_, node) => (node === 'n4' ? 'new problem' : 'well'));
  fleet.settle();
  expect(fleet.memory?.proven).toBe('v1');
  run(fleet, 'v2');
  expect(fleet.on('v2')).toEqual(names);
  expect(fleet.last?.progress).toMatchObject({ stage: 'Done', failed: [] });
});

test('canary nodes are updated first, and after the bake the others, up to maxUnavailable at a time', () => {
  const fleet = fleetOn();
  expect(fleet.pass('v2')).toMatchObject({ replace: ['n1', 'n2'], progress: { stage: 'Canary' } });
  fleet.advance(1000);
  expect(fleet.pass('v2').progress).toMatchObject({ stage: 'Canary', verifying: ['n1', 'n2'] });
  fleet.advance(1000);
  expect(fleet.pass('v2')).toMatchObject({ replace: [], progress: { stage: 'Baking', updated: 2, outdated: 4 }, againMs: 60_000 });
  fleet.advance(59_999);
  expect(fleet.pass('v2')).toMatchObject({ replace: [], progress: { stage: 'Baking' }, againMs: 1 });
  fleet.advance(1);
  expect(fleet.pass('v2')).toMatchObject({ replace: ['n3', 'n4'], progress: { stage: 'Rolling' } });
  expect(fleet.pass('v2').replace).toEqual([]);
  run(fleet, 'v2');
  expect(fleet.replaced).toEqual(names);
});

test.each([
  ['crashes', /restarted 3 times/],
  ['never ready', /not healthy within \d+ s: its pod is not ready/],
  ['new problem', /LoadRefused since its update/],
  ['slower', /it accelerates 10 % of its connections, and accelerated 90 % before/],
  ['hangs', /restarted 7 times by the kubelet/],
  ['flaps', /never healthy for 60 s in a row within \d+ s/],
] as const)('canary nodes that %s stop the rollout there, and say why', (fate, why) => {
  const fleet = fleetOn({ n1: fate, n2: fate }, { onFailure: 'Pause' });
  run(fleet, 'v2');
  const failed = ['n1', 'n2'].map((node) => ({ node, why: expect.stringMatching(why) as string }));
  expect(fleet.last).toMatchObject({ progress: { stage: 'Stopped', failed }, replace: [] });
  expect(fleet.on('v2')).toEqual(['n1', 'n2']);
  // A failed revision stays failed.
  fleet.advance(1_000_000);
  run(fleet, 'v2');
  expect(fleet.on('v2')).toEqual(['n1', 'n2']);
});

test('a node that fails alone is set aside, another becomes canary, and the rollout goes on', () => {
  const fleet = fleetOn({ n1: 'crashes' });
  for (let turn = 0; fleet.last?.progress.aside.length === 0 && turn < 20; turn += 1) {
    fleet.advance(1000);
    fleet.pass('v2');
  }
  expect(fleet.last).toMatchObject({
    progress: { stage: 'Canary', aside: [{ node: 'n1', reason: 'FailedAlone' }] },
    memory: { canary: ['n2', 'n3'], failures: [] },
  });
  run(fleet, 'v2', 200);
  expect(fleet.last).toMatchObject({ progress: { stage: 'Done', updated: 5 }, memory: { proven: 'v2', failures: [] } });
});

test('a canary node that flaps is set aside and stays so, and counts as a failure when a second one flaps', () => {
  const alone = fleetOn({ n1: 'flaps' });
  run(alone, 'v2', 200);
  expect(alone.last).toMatchObject({ progress: { stage: 'Done', updated: 5 }, memory: { proven: 'v2', failures: [] } });

  const fleet = fleetOn({ n1: 'flaps', n3: 'flaps' });
  run(fleet, 'v2', 200);
  expect(fleet.memory?.failures.map(({ node }) => node).sort()).toEqual(['n1', 'n3']);
  expect(fleet.replaced).not.toContain('n5');
});

test('a canary node that is unhealthy after a whole bake gets its full time again, also from another controller', () => {
  const fleet = fleetOn({}, { canary: { count: 1 } });
  const look = (seconds: number): void => {
    for (let passed = 0; passed < seconds; passed += 5) {
      fleet.advance(5000);
      fleet.pass('v2', { paused: true });
    }
  };
  const fall = (): void => {
    const pod = fleet.nodes.get('n1')?.pod;
    if (pod !== undefined) fleet.change('n1', { pod: { ...pod, ready: false, report: undefined } });
    fleet.pass('v2', { paused: true });
  };
  fleet.pass('v2');
  look(200);
  fall();
  expect(fleet.last?.progress.aside).toEqual([]);
  look(50);
  fall();
  fleet.restart();
  look(50);
  fall();
  expect(fleet.last?.progress.aside).toEqual([]);
  look(45);
  expect(fleet.last?.progress.aside).toEqual([{ node: 'n1', reason: 'FailedAlone' }]);
  look(20);
  expect(fleet.last?.progress.aside).toEqual([]);
});

test('one node that fails in every rollout stops none, whenever its turn is', () => {
  for (const liar of names) {
    for (const fate of ['crashes', 'never ready', 'new problem', 'slower', 'hangs', 'flaps'] as const) {
      const fleet = new Fleet(names, policy, (revision, node) => (node === liar && revision !== 'v1' ? fate : 'well'));
      fleet.settle();
      for (const revision of ['v2', 'v3', 'v4']) {
        run(fleet, revision, 200);
        expect([liar, fate, fleet.last?.progress.stage, fleet.memory?.proven]).toEqual([liar, fate, 'Done', revision]);
      }
    }
  }
});

test('a second failed node stops the rollout', () => {
  const fleet = fleetOn({ n1: 'crashes', n3: 'crashes' });
  run(fleet, 'v2', 200);
  expect(fleet.last).toMatchObject({ progress: { stage: 'Stopped' }, memory: { failures: [{ node: 'n1' }, { node: 'n3' }] } });
  expect(fleet.on('v1')).toEqual(names);
  expect(fleet.replaced).not.toContain('n4');
});

test.each([
  ['of two nodes', ['n1', 'n2'], { canary: { count: 1 } }],
  ['that is the only canary by name', names, { canary: { names: ['n1'] } }],
] as const)('the word of one node %s is enough', (_which, all, changes) => {
  const fleet = new Fleet(all, { ...policy, ...changes }, (revision, node) => (revision === 'v2' && node === 'n1' ? 'crashes' : 'well'));
  fleet.settle();
  run(fleet, 'v2', 200);
  expect(fleet.last).toMatchObject({ progress: { stage: 'Stopped' }, memory: { failures: [{ node: 'n1' }] } });
});

test('with one canary by name, the failure of a single other node does not stop the rollout', () => {
  const fleet = fleetOn({ n5: 'crashes' }, { canary: { names: ['n1'] } });
  run(fleet, 'v2', 200);
  expect(fleet.last?.progress).toMatchObject({ stage: 'Done', updated: 5 });
});

test('the share that a node reports does not make it a canary', () => {
  const fleet = fleetOn();
  const claim = fleet.nodes.get('n6')?.pod;
  for (const name of names) {
    const pod = fleet.nodes.get(name)?.pod;
    if (pod?.report !== undefined) fleet.change(name, { pod: { ...pod, report: { ...pod.report, shares: {} } } });
  }
  if (claim?.report !== undefined) fleet.change('n6', { pod: { ...claim, report: { ...claim.report, shares: { shop: 1 } } } });
  expect(fleet.pass('v2').replace).toEqual(['n1', 'n2']);
});

test('with RollBack every node returns to the last verified revision, and the failed one is not tried again', () => {
  const fleet = fleetOn({ n5: 'crashes', n6: 'crashes' });
  run(fleet, 'v2', 200);
  expect(fleet.on('v1')).toEqual(names);
  expect(fleet.last).toMatchObject({
    revision: 'v1',
    progress: { stage: 'Stopped' },
    memory: { wanted: 'v2', proven: 'v1', failures: [{ node: 'n5' }, { node: 'n6' }] },
  });
  const replacedSoFar = fleet.replaced.length;
  run(fleet, 'v2', 200);
  expect(fleet.replaced).toHaveLength(replacedSoFar);
});

test('after a failure another revision begins with a canary again', () => {
  const fleet = fleetOn({ n1: 'never ready', n2: 'never ready' });
  run(fleet, 'v2', 200);
  expect(fleet.pass('v3')).toMatchObject({ revision: 'v3', replace: ['n1', 'n2'], memory: { failures: [], proven: 'v1' } });
  run(fleet, 'v3');
  expect(fleet.on('v3')).toEqual(names);
});

test('setting the former revision again is a manual rollback', () => {
  const fleet = fleetOn({ n1: 'never ready', n2: 'never ready' }, { onFailure: 'Pause' });
  run(fleet, 'v2');
  run(fleet, 'v1');
  expect(fleet.on('v1')).toEqual(names);
  expect(fleet.last?.progress.stage).toBe('Done');
});

test('while paused no agent is replaced, and afterwards the rollout goes on', () => {
  const fleet = fleetOn();
  fleet.pass('v2');
  fleet.advance(1000);
  expect(fleet.pass('v2', { paused: true })).toMatchObject({ replace: [], progress: { stage: 'Paused' } });
  fleet.advance(1000);
  fleet.pass('v2');
  fleet.advance(30_000);
  fleet.pass('v2', { paused: true });
  fleet.advance(30_000); // the bake is over
  expect(fleet.pass('v2').progress.stage).toBe('Rolling');
});

test('nodes that are not Ready do not delay the rollout, and are updated when they are back', () => {
  const fleet = fleetOn();
  fleet.reach('n1', false);
  fleet.reach('n4', false);
  run(fleet, 'v2');
  expect(fleet.last?.progress).toMatchObject({
    stage: 'Done',
    updated: 4,
    aside: [
      { node: 'n1', reason: 'NodeNotReady' },
      { node: 'n4', reason: 'NodeNotReady' },
    ],
  });
  fleet.reach('n1', true);
  run(fleet, 'v2');
  expect(fleet.on('v2')).toEqual(['n1', 'n2', 'n3', 'n5', 'n6']);
});

test('while no node is Ready the revision is not verified', () => {
  const fleet = fleetOn();
  for (const name of names) fleet.reach(name, false);
  expect(fleet.pass('v2')).toMatchObject({ memory: { proven: 'v1' }, replace: [] });
});

test('the rollout waits for a canary node that does not exist yet', () => {
  const fleet = fleetOn({}, { canary: { names: ['elsewhere'] } });
  expect(fleet.pass('v2')).toMatchObject({ replace: [], progress: { stage: 'Canary' } });
});

test('a node without a ready agent is updated before others', () => {
  const fleet = fleetOn({}, { canary: { count: 0 }, maxUnavailable: 1 });
  const broken = fleet.nodes.get('n6')?.pod;
  if (broken !== undefined) fleet.change('n6', { pod: { ...broken, ready: false } });
  expect(fleet.pass('v2').replace).toEqual(['n6']);
});

test('maxUnavailable in percent is rounded up to one node at least', () => {
  expect(fleetOn({}, { canary: { count: 0 }, maxUnavailable: '34%' }).pass('v2').replace).toHaveLength(3);
  expect(fleetOn({}, { canary: { count: 0 }, maxUnavailable: '0%' }).pass('v2').replace).toHaveLength(1);
});

test('a node that becomes unhealthy after the revision reached every node is no failure of the rollout', () => {
  const fleet = fleetOn();
  run(fleet, 'v2');
  const pod = fleet.nodes.get('n3')?.pod;
  if (pod !== undefined) fleet.change('n3', { pod: { ...pod, restarts: 9, ready: false } });
  expect(fleet.pass('v2')).toMatchObject({ revision: 'v2', replace: [], memory: { failures: [] } });
});

test('without a stored state a rollback returns to the revision of the present agents', () => {
  const fleet = fleetOn({ n1: 'crashes', n2: 'crashes' });
  fleet.memory = undefined;
  run(fleet, 'v2', 200);
  expect(fleet.last).toMatchObject({ revision: 'v1', progress: { stage: 'Stopped' }, memory: { proven: 'v1' } });
  expect(fleet.on('v1')).toEqual(names);
});

test('a node that joins during the rollout and fails is set aside, unless there is no witness', () => {
  const fleet = fleetOn({ n7: 'crashes' });
  fleet.pass('v2');
  fleet.advance(1000);
  fleet.join('n7');
  run(fleet, 'v2', 200);
  expect(fleet.last?.progress).toMatchObject({ stage: 'Done', updated: 6, aside: [{ node: 'n7', reason: 'JoinedMeanwhile' }] });

  const alone = fleetOn({ n7: 'crashes' });
  alone.pass('v2');
  alone.advance(1000);
  for (const name of names) alone.nodes.delete(name);
  alone.join('n7');
  run(alone, 'v2', 200);
  expect(alone.memory?.failures).toMatchObject([{ node: 'n7' }]);
});

test('a node whose agent was not ready before is no witness', () => {
  const fleet = new Fleet(names, policy, (_, node) => (node === 'n3' ? 'never ready' : 'well'));
  fleet.settle();
  fleet.advance(60_000);
  run(fleet, 'v2', 200);
  expect(fleet.last?.progress).toMatchObject({ stage: 'Done', updated: 5, aside: [{ node: 'n3', reason: 'WasNotWell' }] });
  // It does not count against the revision after that has reached every node either.
  expect(fleet.pass('v2').progress).toMatchObject({ stage: 'Done', updated: 5, failed: [], aside: [{ node: 'n3', reason: 'WasNotWell' }] });
});

test('nodes that cannot accelerate are canaries only when there are no others', () => {
  const fleet = new Fleet(names, policy, (_, node) => (['n1', 'n2'].includes(node) ? 'new problem' : 'well'));
  fleet.settle();
  expect(fleet.pass('v2').replace).toEqual(['n3', 'n4']);
});

test('a healthy node that becomes unhealthy gets its full time again, also from another controller', () => {
  const fleet = fleetOn();
  fleet.pass('v2');
  for (let seconds = 0; seconds < 50; seconds += 10) {
    fleet.advance(10_000);
    fleet.pass('v2');
  }
  const well = fleet.nodes.get('n1')?.pod;
  if (well !== undefined) fleet.change('n1', { pod: { ...well, report: undefined } });
  expect(fleet.pass('v2').progress).toMatchObject({ stage: 'Canary', verifying: ['n1'], failed: [] });
  fleet.now += 29_000;
  fleet.restart();
  fleet.now += 29_000;
  expect(fleet.pass('v2').progress.failed).toEqual([]);
  fleet.now += 2000;
  expect(fleet.pass('v2').progress.aside).toEqual([{ node: 'n1', reason: 'FailedAlone' }]);
});

test('shares are not compared after a change of the order', () => {
  const fleet = fleetOn({ n1: 'slower', n2: 'slower' });
  fleet.pass('v2');
  fleet.measure = 'other orders';
  run(fleet, 'v2', 200);
  expect(fleet.last?.progress).toMatchObject({ stage: 'Done', aside: [] });
});

test('in a rollout that is paused before it begins, new pods have the former revision', () => {
  const fleet = fleetOn();
  expect(fleet.pass('v2', { paused: true })).toMatchObject({ revision: 'v1', replace: [], progress: { stage: 'Paused' } });
  expect(fleet.pass('v2')).toMatchObject({ revision: 'v2', replace: ['n1', 'n2'] });
});
