import { installed } from './doctor/clusters.testing';
import { diagnosed } from './doctor/diagnosed.testing';
import { accelctl } from './run.testing';

describe('a chaos experiment that names 200,000 namespaces', () => {
  const path = 'GET /apis/chaos-mesh.org/v1alpha1/networkchaos';
  const experiment = (namespaces: readonly string[]) => ({ metadata: { name: 'long', namespace: 'app-team' }, spec: { selector: { namespaces } } });

  it.each([
    ['the same', () => experiment(Array.from({ length: 200_000 }, () => 'shop'))],
    ['different ones', () => experiment(Array.from({ length: 200_000 }, (_, at) => (at === 7 ? 'shop' : `n${at}`)))],
  ])('(%s) is one warning of doctor and one note of explain', async (_which, object) => {
    const api = installed().on(path, { items: [object(), ...Array.from({ length: 4 }, () => experiment(['shop']))] });
    const found = (await diagnosed(api)).lines.filter((line) => line.includes('NetworkChaos'));
    expect(found).toEqual([
      expect.stringContaining(
        'shop: NetworkChaos of Chaos Mesh acts on packets of its pods (long in namespace app-team, long in namespace app-team, long in namespace app-team and 2 more)',
      ),
    ]);
    const { printed } = await accelctl(api, ['explain', 'shop']);
    expect(printed.join('').split('Note: NetworkChaos')).toHaveLength(2);
  });

  it('never fails a command, even when the list is no list', async () => {
    const { lines } = await diagnosed(installed().on(path, { items: 'x' }));
    expect(lines.join('\n')).toContain('skipped namespaces: this user may not list chaos experiments');
  });
});
