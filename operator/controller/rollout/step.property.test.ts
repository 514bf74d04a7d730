// Rollouts of random fleets, with controllers that die at any step and revisions that change at any time.
import fc from 'fast-check';
import { type Fate, Fleet, policy } from './fleet.testing';
import { budgetOf, type RolloutPolicy } from './policy';

const fate = fc.constantFrom<Fate>('well', 'well', 'well', 'crashes', 'never ready', 'new problem', 'slower', 'hangs'); // no flapping, which outside the canaries keeps a rollout going for as long as it lasts
const change = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant('pass' as const), dies: fc.option(fc.nat({ max: 3 }), { nil: undefined }) }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.nat({ max: 40_000 }) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('reach' as const), nth: fc.nat(), reachable: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('join' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('leave' as const), nth: fc.nat() }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('restart' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('pause' as const), paused: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('want' as const), revision: fc.constantFrom('v2', 'v3') }) },
);
const fleets = fc.record({
  size: fc.integer({ min: 1, max: 8 }),
  fates: fc.array(fate, { minLength: 8, maxLength: 8, size: 'max' }),
  canary: fc.nat({ max: 3 }),
  maxUnavailable: fc.integer({ min: 1, max: 4 }),
  onFailure: fc.constantFrom<RolloutPolicy['onFailure']>('Pause', 'RollBack'),
  changes: fc.array(change, { maxLength: 80, size: 'max' }),
});

describe('a rollout under random events', () => {
  it('keeps its limits at every step and ends, with a good revision on every node and a bad one only where it failed alone', () => {
    fc.assert(
      fc.property(fleets, ({ size, fates, canary, maxUnavailable, onFailure, changes }) => {
        const names = Array.from({ length: size }, (_, index) => `n${index}`);
        // v1 and v3 are good; v2 behaves by the fates.
        const fleet = new Fleet(names, { ...policy, canary: { count: canary }, maxUnavailable, onFailure }, (revision, node) =>
          revision === 'v2' ? (fates[Number(node.slice(1))] ?? 'well') : 'well',
        );
        fleet.settle();
        let wanted = 'v2';
        let paused = false;
        let joined = size;
        const pass = (dies?: number): void => {
          const before = new Set(names.filter((name) => fleet.nodes.get(name)?.pod !== undefined));
          const reachable = names.filter((name) => fleet.nodes.get(name)?.aside === undefined);
          const taken = fleet.pass(wanted, { paused }, dies);
          if (paused) expect(taken.replace).toEqual([]);
          // No node is replaced twice, or while it is not Ready, or beyond the budget.
          for (const name of taken.replace) expect(before.has(name) && reachable.includes(name)).toBe(true);
          expect(taken.replace.length + taken.progress.verifying.length).toBeLessThanOrEqual(
            Math.max(budgetOf(maxUnavailable, names.length), taken.progress.verifying.length),
          );
          // A revision that is not verified leaves its canary nodes only after the bake.
          if (taken.progress.stage === 'Canary') for (const name of taken.replace) expect(taken.memory.canary).toContain(name);
          if (taken.progress.stage === 'Baking') expect(taken.replace).toEqual([]);
        };
        const join = (): void => {
          const name = `n${joined++}`;
          names.push(name);
          fleet.join(name);
        };
        const leave = (name = ''): void => {
          if (names.length === 1) return;
          names.splice(names.indexOf(name), 1);
          fleet.nodes.delete(name);
        };
        for (const each of changes) {
          if (each.do === 'pass') pass(each.dies);
          else if (each.do === 'wait') fleet.advance(each.ms);
          else if (each.do === 'reach') fleet.reach(names[each.nth % names.length] ?? '', each.reachable);
          else if (each.do === 'join') join();
          else if (each.do === 'leave') leave(names[each.nth % names.length]);
          else if (each.do === 'restart') fleet.restart();
          else if (each.do === 'pause') ({ paused } = each);
          else wanted = each.revision;
        }
        paused = false;
        for (const name of names) fleet.reach(name, true);
        for (let turn = 0; turn < 200; turn += 1) {
          pass();
          fleet.advance(10_000);
        }
        pass();
        expect(['Done', 'Stopped']).toContain(fleet.last?.progress.stage);
        if (fleet.last?.progress.stage === 'Done') expect(fleet.on(wanted)).toEqual([...names].sort());
        else if (onFailure === 'RollBack') expect(fleet.on(fleet.memory?.proven ?? '')).toEqual([...names].sort());
        // The good revision always reaches every node.
        if (wanted === 'v3') expect(fleet.on('v3')).toEqual([...names].sort());
      }),
      { numRuns: 150 },
    );
  });
});
