// Tests of the linter's rule for imports of and from release/: the product does not depend on how it is packed.
import { refusals } from './directions.testing';

const layers = ['api', 'ports', 'protocol', 'kube', 'process', 'controller', 'agent', 'cli'].map((layer) => `operator/${layer}`);

describe('the linter', () => {
  it.each(layers)('lets release import %s', async (layer) => {
    expect(await refusals('release', layer)).toEqual([]);
  }, 30_000);

  it.each([...layers, 'ebpf'])('does not let %s import release', async (folder) => {
    expect(await refusals(folder, 'release')).toHaveLength(1);
  }, 30_000);

  it('does not let release import ebpf', async () => {
    expect(await refusals('release', 'ebpf')).toHaveLength(1);
  }, 30_000);
});
