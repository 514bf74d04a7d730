// Tests of the linter's rule for imports inside operator/, which directions.json lists, and of those of and from release/: the product does not depend
// on how it is packed.
import directions from './directions.json';
import { pairsOf, refusalsOfPackage, roomsOf, testDirections } from './directions.testing';

const layers = Object.keys(directions.operator).map((layer) => `operator/${layer}`);
const inside = (allowed: boolean): (readonly [string, string])[] => [
  ...pairsOf(roomsOf('operator', directions.operator), allowed),
  ...pairsOf(roomsOf('operator/controller', directions.controller), allowed),
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
  testDirections(allowed, forbidden);

  it.each(packages)(
    'does not let %s import the package %s',
    async (from, name) => {
      expect(await refusalsOfPackage(from, name)).toHaveLength(1);
    },
    30_000,
  );
});
