// Every attack of `make test-attacks`, shortened: it is made on the real, compiled parts, and does not do what it is meant to.
import { attacks } from '.';
import { Stage } from './stage';

const stage = new Stage();
afterAll(() => stage.end());

test('every attack has a name of its own', () => {
  expect(new Set(attacks.map(({ name }) => name)).size).toBe(attacks.length);
});

const possible = attacks.filter(({ needs }) => needs !== 'root' || process.getuid?.() === 0);

test.each(possible.map((attack) => [attack.attacker, attack.name, attack] as const))('a %s gains nothing by this: %s', async (_attacker, _name, attack) => {
  const { broken } = await attack.run(stage, 'short');
  expect(broken).toEqual([]);
}, 300_000);
