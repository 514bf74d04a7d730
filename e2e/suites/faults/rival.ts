// Another field manager on the same objects. The controller must never change the fields that this manager owns.
import { apiVersion, kind, plural } from '../../../operator/api';
import { apply, kubeClient, loadKubeConfig, registerKind } from '../../../operator/kube';
import { type ControllerBench, daemonSet } from '../../stand/api/controllerBench';
import { namespace } from '../../stand/api/controllerProcess';

const manager = 'rival';
const mark = { 'rival.test/owner': 'rival' };

const onDaemonSet = {
  apiVersion: 'apps/v1',
  kind: 'DaemonSet',
  metadata: { name: daemonSet, namespace, labels: mark, annotations: mark },
  spec: { minReadySeconds: 7, template: { metadata: { annotations: mark } } },
};
registerKind({ apiVersion, kind, plural, namespaced: false });
const onResource = {
  apiVersion,
  kind,
  metadata: { name: 'default', labels: mark, annotations: mark, finalizers: ['rival.test/keep'] },
};

interface Owned {
  readonly metadata: { readonly managedFields: readonly { readonly manager: string; readonly fieldsV1: unknown }[] };
}

export class Rival {
  private constructor(
    private readonly bench: ControllerBench,
    private readonly owned: readonly string[],
  ) {}

  static async of(bench: ControllerBench): Promise<Rival> {
    // Not with kubectl, whose server-side apply would take over, and remove, fields that kubectl itself has applied before.
    const client = kubeClient(loadKubeConfig(bench.server.kubeconfig));
    for (const object of [onDaemonSet, onResource]) await apply(client, object, { fieldManager: manager });
    return new Rival(bench, await ownedIn(bench));
  }

  /** @throws Error when a field of the rival has another value or another owner than when it was set */
  async keepsItsFields(): Promise<void> {
    const owned = await ownedIn(this.bench);
    if (owned.join() !== this.owned.join()) throw new Error(`the rival owned ${this.owned.join(' ')} and now owns ${owned.join(' ')}`);
    const agents = await this.bench.get('ds', daemonSet, '-n', namespace);
    expect(agents).toMatchObject(onDaemonSet);
    const { metadata } = await this.bench.get('sca', 'default');
    expect(metadata).toMatchObject({ labels: mark, annotations: mark });
    expect([...metadata.finalizers].sort()).toEqual(['acceleration.dev/drain', 'rival.test/keep']);
  }
}

/** The fields that the rival owns in each object, from the object's managedFields. */
async function ownedIn(bench: ControllerBench): Promise<string[]> {
  const objects: Owned[] = [
    await bench.get('ds', daemonSet, '-n', namespace, '--show-managed-fields'),
    await bench.get('sca', 'default', '--show-managed-fields'),
  ];
  return objects.map(({ metadata }) =>
    JSON.stringify(metadata.managedFields.filter((each) => each.manager === manager).map(({ fieldsV1 }) => fieldsV1)),
  );
}
