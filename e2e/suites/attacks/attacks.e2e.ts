// The short form of every attack of `make test-attacks`, on the real, compiled components: no attack reaches its aim.
import { attacks } from '.';
import { Stage } from './stage';

const stage = new Stage();
afterAll(() => stage.end());

test('every attack has a name of its own', () => {
  expect(new Set(attacks.map(({ name }) => name)).size).toBe(attacks.length);
});

const possible = attacks.filter(({ needs }) => needs !== 'root' || process.getuid?.() === 0);

test.each(possible.map((attack) => [attack.attacker, attack.name, attack] as const))(
  'the attack by a %s does no harm: %s',
  async (_attacker, _name, attack) => {
    const { broken } = await attack.run(stage, 'short');
    expect(broken).toEqual([]);
  },
  300_000,
);
