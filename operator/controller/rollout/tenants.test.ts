// What one tenant's connections do to a rollout.
import { Fleet, policy } from './fleet.testing';
import type { RolloutStep } from './step';

describe('a tenant', () => {
  type Ends = Readonly<Record<string, number>>;
  const before: Ends = { shop: 0.9, bank: 0.8, tenant: 0.9 };

  /** A rollout in which agents of v2 report these shares, as do all agents before. */
  function rolledOut(now: Ends, alone = false, earlier: Ends = before): RolloutStep {
    const fleet = new Fleet(['n1', 'n2', 'n3', 'n4', 'n5', 'n6'], policy);
    fleet.settle();
    const report = (): void => {
      for (const { name, pod } of fleet.nodes.values())
        if (pod?.report !== undefined)
          fleet.change(name, { pod: { ...pod, report: { ...pod.report, shares: pod.revision === 'v2' ? now : earlier, alone } } });
    };
    report();
    for (let turn = 0; turn < 60; turn += 1) {
      const taken = fleet.pass('v2');
      if (['Done', 'Stopped'].includes(taken.progress.stage)) return taken;
      fleet.advance(5000);
      report();
    }
    throw new Error('the rollout does not end');
  }

  test('whose connections stay on TCP on every updated node does not stop a revision, and none of its nodes is set aside', () => {
    for (const earlier of [before, { shop: 0.9, tenant: 0.9 }, { tenant: 0.9 }])
      expect(rolledOut({ ...earlier, tenant: 0 }, false, earlier)).toMatchObject({
        progress: { stage: 'Done', updated: 6, aside: [] },
        memory: { failures: [] },
      });
  });

  test('does not hide a revision that accelerates less: two namespaces of three stop it', () => {
    expect(rolledOut({ shop: 0.1, bank: 0.1, tenant: 0.9 }).memory.failures).toEqual(
      ['n1', 'n2'].map((node) => ({
        node,
        why: expect.stringMatching(/it accelerates less of 2 of 3 namespaces: 10 % of shop \(90 % before\), 10 % of bank \(80 % before\)$/) as string,
      })),
    );
  });

  test('that is the only one is protected from such a revision too', () => {
    expect(rolledOut({ shop: 0.1 }, true, { shop: 0.9 }).progress.stage).toBe('Stopped');
  });
});

test('the memory has the shares of 64 nodes and 16 namespaces of each at most', () => {
  const many = Array.from({ length: 100 }, (_, index) => `n${index}`);
  const fleet = new Fleet(many, { ...policy, canary: { count: 100 } });
  fleet.settle();
  const shares = Object.fromEntries(Array.from({ length: 30 }, (_, index) => [`tenant-${index}`, 0.5]));
  for (const { name, pod } of fleet.nodes.values())
    if (pod?.report !== undefined) fleet.change(name, { pod: { ...pod, report: { ...pod.report, shares } } });
  const { before } = fleet.pass('v2').memory;
  const sizes = Object.values(before).map((known) => Object.keys(known.shares).length);
  expect([sizes.length, sizes.filter((size) => size === 16).length, sizes.filter((size) => size === 0).length]).toEqual([100, 64, 36]);
});
