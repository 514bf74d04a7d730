// The import directions around e2e/, proven on the linter: the product stands without its tests on real parts.
import { refusals } from '../release/directions.testing';

const layers = ['api', 'ports', 'protocol', 'kube', 'process', 'controller', 'agent', 'cli'].map((layer) => `operator/${layer}`);

describe('the linter', () => {
  it.each(['release', 'ebpf', ...layers])('lets e2e import %s', async (folder) => {
    expect(await refusals('e2e', folder)).toEqual([]);
  }, 30_000);

  it.each(['release', 'ebpf', ...layers])('refuses that %s imports e2e', async (folder) => {
    expect(await refusals(folder, 'e2e')).toHaveLength(1);
  }, 30_000);
});
