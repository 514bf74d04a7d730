// The short form of the witnesses, and that what is wrong with one is seen. Needs root, Go and nginx.
import { join } from 'node:path';
import { verdict } from './rows';
import { situations } from './situations';
import { Stand } from './stand';
import { tryWitness, type Plan } from './trial';
import type { Witness } from './witness';
import { witnesses } from './witnesses';

const minute = 60_000;
const relay = join(__dirname, '..', 'soak', 'faultyRelay.js');
/** The relay passes on to this port what comes to the one a hundred lower. */
const [front, behind] = [7500, 7600];

let stand: Stand;
beforeAll(() => {
  stand = Stand.open();
});
afterAll(() => stand.close());

const silent = (): void => undefined;
const short: Plan = { turns: 1, ways: ['visited', 'abandoned'], situations: situations.filter((each) => each.short) };

test.each(witnesses.filter((each) => each.short).map((each): [string, Witness] => [each.name, each]))(
  '%s neither stalls nor gets a wrong byte, whatever it is put into',
  async (_, witness) => {
    await witness.prepare();
    const rows = await tryWitness(stand, witness, short, silent);
    expect(rows.length).toBeGreaterThan(0);
    expect(rows.filter((row) => verdict(row) !== 'right')).toEqual([]);
  },
  2 * minute,
);

function named(name: string): Witness {
  const found = witnesses.find((each) => each.name === name);
  if (found === undefined) throw new Error(`there is no witness ${name}`);
  return found;
}

test('a byte that a relay changes is seen', async () => {
  const node = named('Node');
  const changed: Witness = {
    ...node,
    port: front,
    async start(on) {
      await on.serve('backend', [behind], process.execPath, join(__dirname, 'programs', 'node', 'server.js'), behind, behind + 1);
      await on.serve('server', [front], process.execPath, relay, 'changed', front);
      return {};
    },
  };
  const rows = await tryWitness(stand, changed, { ...short, ways: ['visited'], situations: situations.filter(({ name }) => name === 'first large body') }, silent);
  expect(rows.map(verdict)).toEqual(['wrong']);
  expect(rows.flatMap(({ complaints }) => complaints)).toContainEqual(expect.stringMatching(/wrong bytes/));
}, minute);

test('a server that stops reading is called hung', async () => {
  const stopping: Witness = {
    ...named('Python, blocking'),
    port: front,
    async start(on) {
      await on.serve('server', [front], 'python3', join(__dirname, 'programs', 'python', 'deaf.py'), front);
      return {};
    },
  };
  const rows = await tryWitness(stand, stopping, { ...short, ways: ['visited'], situations: situations.filter(({ name }) => name === 'burst') }, silent);
  expect(rows.flatMap(({ complaints }) => complaints)).toContainEqual(expect.stringMatching(/tcp: .*hung: nothing came and nothing went for 5 s/));
}, minute);
