// Tests of the linter's rule for imports inside operator/, which directions.json lists, and of those of and from release/: the product does not depend
// on how it is packed.
import directions from './directions.json';
import { refusals, refusalsOfPackage } from './directions.testing';

type Rooms = Readonly<Record<string, readonly string[]>>;

/** Pairs of folders of which the first may import the second, or (`allowed` false) may not. */
function pairsOf(rooms: Rooms, path: string, allowed: boolean): (readonly [string, string])[] {
  const names = Object.keys(rooms);
  return names.flatMap((from) =>
    names.filter((to) => to !== from && (rooms[from] ?? []).includes(to) === allowed).map((to) => [`${path}/${from}`, `${path}/${to}`] as const),
  );
}

const layers = Object.keys(directions.operator).map((layer) => `operator/${layer}`);
const inside = (allowed: boolean): (readonly [string, string])[] => [
  ...pairsOf(directions.operator, 'operator', allowed),
  ...pairsOf(directions.controller, 'operator/controller', allowed),
];
const allowed = [...inside(true), ...layers.map((layer) => ['release', layer] as const)];
const forbidden = [...inside(false), ...[...layers, 'ebpf'].map((folder) => [folder, 'release'] as const), ['release', 'ebpf'] as const];
/** Each package with the folders of operator/, and one room of the controller, that may not import it. */
const packages = Object.entries(directions.packages).flatMap(([name, owners]) => [
  ...Object.keys(directions.operator)
    .filter((folder) => !owners.includes(folder))
    .map((folder) => [`operator/${folder}`, name] as const),
  ...(owners.includes('controller') ? [] : [['operator/controller/status', name] as const]),
]);

describe('the linter', () => {
  it.each(allowed)(
    'lets %s import %s',
    async (from, to) => {
      expect(await refusals(from, to)).toEqual([]);
    },
    30_000,
  );

  it.each(forbidden)(
    'does not let %s import %s',
    async (from, to) => {
      expect(await refusals(from, to)).toHaveLength(1);
    },
    30_000,
  );

  it.each(packages)(
    'does not let %s import the package %s',
    async (from, name) => {
      expect(await refusalsOfPackage(from, name)).toHaveLength(1);
    },
    30_000,
  );
});
