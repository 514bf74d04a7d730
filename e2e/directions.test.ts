// Tests of the linter's rule for imports of and in e2e/: the product does not import it, and its rooms import each other without a cycle.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import directions from '../release/directions.json';
import { pairsOf, roomsOf, testDirections } from '../release/directions.testing';

const layers = Object.keys(directions.operator).map((layer) => `operator/${layer}`);
const foldersOf = (room: string): string[] =>
  readdirSync(join(__dirname, room), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => `e2e/${room}/${name}`);

const stand = roomsOf('e2e/stand', directions.stand);
const benches = roomsOf('e2e/benches', directions.benches);
const suites = directions.suites.map((suite) => `e2e/suites/${suite}`);
const standing = [...suites, ...Object.keys(benches)];
const lowest = 'e2e/stand/support';

/** Pairs of each folder with the next one, so that each folder is once the importing and once the imported one. */
const inTurn = (folders: readonly string[]): (readonly [string, string])[] =>
  folders.map((from, at) => [from, folders[(at + 1) % folders.length] ?? from] as const);

const allowed = [
  ...pairsOf(stand, true),
  ...pairsOf(benches, true),
  ...standing.map((from) => [from, 'e2e/stand/product'] as const),
  ['e2e/stand/pods', 'ebpf'],
  ['e2e/stand/tools', 'release'],
] as const;
const forbidden = [
  ...pairsOf(stand, false),
  ...pairsOf(benches, false),
  ...inTurn(suites),
  ...standing.map((to) => ['e2e/stand/product', to] as const),
  ...suites.map((from) => [from, 'e2e/benches/demo'] as const),
  ...Object.keys(benches).map((from) => [from, 'e2e/suites/cases'] as const),
  ...['release', 'ebpf', ...layers].map((from) => [from, lowest] as const),
];

describe('the rooms of e2e', () => {
  it('are all in the lists', () => {
    expect(foldersOf('stand').sort()).toEqual(Object.keys(stand).sort());
    expect(foldersOf('benches').sort()).toEqual(Object.keys(benches).sort());
    expect(foldersOf('suites').sort()).toEqual([...suites].sort());
  });

  it('have no cycle: in the list a room comes after the rooms that it may import', () => {
    for (const rooms of [stand, benches]) {
      const names = Object.keys(rooms);
      for (const [from, to] of pairsOf(rooms, true)) expect([from, to, names.indexOf(to) < names.indexOf(from)]).toEqual([from, to, true]);
    }
  });
});

describe('the linter', () => testDirections(allowed, forbidden));
