// The life of a release with helm on a real cluster under load: install, upgrade, rollback, uninstall. Needs root.
import { readResource, settled } from '../../stand/product/acceleration';
import { remainsOn } from '../../stand/product/remains';
import { waitFor } from '../../stand/support/waitFor';
import { accelerates, type Ground, layGround, unharmed } from './ground';
import { agentsRun, inventory, patience, provideThisRelease, put, type Release, rollBack, uninstall } from './release';

const testMs = 580_000;
/** Values with which the release makes its resource, and removes its CRD when it is uninstalled, so that nothing remains. */
const values = {
  crds: { keep: false },
  resource: { create: true, spec: { selector: { namespaces: { matchLabels: { 'istio-injection': 'enabled' } } } } },
};

let release: Release;
let ground: Ground;
let before: readonly string[];

beforeAll(async () => {
  const current = await provideThisRelease();
  release = current;
  ground = await layGround([current.archive]);
  before = await inventory(ground.cluster);
}, testMs);

afterAll(() => ground?.cluster.down());

async function modeIs(mode: string): Promise<void> {
  await waitFor(`the resource to say ${mode}`, async () => (await readResource(ground.cluster)).spec.mode === mode, patience);
  await settled(ground.cluster, patience);
}

test(
  'a release that is installed with a resource in its values accelerates connections',
  async () => {
    await unharmed(ground, async () => {
      await put(ground.cluster, 'install', release, values);
      await agentsRun(ground.cluster, release);
    });
    await accelerates(ground);
  },
  testMs,
);

test(
  'after an upgrade to other values the controllers and the resource have these values',
  async () => {
    const { cluster } = ground;
    const changed = {
      ...values,
      replicas: 1,
      logLevel: 'debug',
      resource: { ...values.resource, spec: { ...values.resource.spec, mode: 'Observe' } },
    };
    await unharmed(ground, async () => {
      await put(cluster, 'upgrade', release, changed);
      await modeIs('Observe');
    });
    expect(
      await cluster.kubectl([
        'get',
        'deployments',
        '-A',
        '-l',
        'app.kubernetes.io/component=controller',
        '-o',
        'jsonpath={.items[*].status.replicas}',
      ]),
    ).toBe('1');
  },
  testMs,
);

test(
  'after a rollback the mode is Accelerate again, as it was installed, and connections are accelerated',
  async () => {
    await unharmed(ground, async () => {
      await rollBack(ground.cluster, 1);
      await modeIs('Accelerate');
    });
    await accelerates(ground);
  },
  testMs,
);

test(
  'after uninstalling no object is left in the cluster, and no pin and no program on a node',
  async () => {
    const { cluster } = ground;
    for (const node of cluster.nodes) expect((await remainsOn(cluster, node)).attached.length).toBeGreaterThan(0);
    expect(await inventory(cluster)).not.toEqual(before);
    await unharmed(ground, async () => {
      await uninstall(cluster);
      for (const node of cluster.nodes) expect(await remainsOn(cluster, node)).toEqual({ pins: [], attached: [] });
      await waitFor(
        'nothing to be left in the cluster',
        async () => {
          const now = await inventory(cluster);
          expect(now.filter((each) => !before.includes(each))).toEqual([]);
          return true;
        },
        patience,
      );
    });
  },
  testMs,
);
