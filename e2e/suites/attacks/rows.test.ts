import { attacksPage } from './page';
import { inOrder, type Row, rowOf } from './rows';

const made: Row = {
  attack: 'a|b',
  attacker: 'pod',
  cost: 'little',
  before: 'much',
  now: '3 of 4 probes',
  held: false,
  broken: ['a probe failed'],
  figures: { probes: 4 },
};

test('a row says that the bounds held when no bound is broken', () => {
  const attack = { name: 'n', attacker: 'pod', before: 'b', run: () => Promise.reject(new Error('not made')) } as const;
  const outcome = { cost: 'c', now: 'w', figures: {}, broken: [] };
  expect(rowOf(attack, outcome).held).toBe(true);
  expect(rowOf(attack, { ...outcome, broken: ['x'] })).toMatchObject({ held: false, broken: ['x'] });
});

test('rows stand in the order of the attacks, and rows of attacks that are no longer made are left out', () => {
  expect(
    inOrder(
      [
        { ...made, attack: 'b' },
        { ...made, attack: 'gone' },
        { ...made, attack: 'a' },
      ],
      ['a', 'c', 'b'],
    ).map(({ attack }) => attack),
  ).toEqual(['a', 'b']);
});

test('the page says which bound did not hold, and a bar in a text does not begin a new cell', () => {
  expect(attacksPage({ kernel: '6.18', cpus: 2, rows: [made] })).toContain(
    '| a\\|b | pod | little | much | 3 of 4 probes; a probe failed | **no** |',
  );
});
