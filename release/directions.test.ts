// The import directions around release/, proven on the linter: the product does not know how it is packed.
import { refusals } from './directions.testing';

const layers = ['api', 'ports', 'protocol', 'kube', 'process', 'controller', 'agent', 'cli'].map((layer) => `operator/${layer}`);

describe('the linter', () => {
  it.each(layers)('lets release import %s', async (layer) => {
    expect(await refusals('release', layer)).toEqual([]);
  }, 30_000);

  it.each([...layers, 'ebpf'])('refuses that %s imports release', async (folder) => {
    expect(await refusals(folder, 'release')).toHaveLength(1);
  }, 30_000);

  it('refuses that release imports ebpf', async () => {
    expect(await refusals('release', 'ebpf')).toHaveLength(1);
  }, 30_000);
});
