// accelctl against a real API server: its output, and its exit code when something is missing.
import { join } from 'node:path';
import { accelctlOn, kubeconfigWith } from '../../stand/api/accelctl';
import { startApiServer, type ApiServer } from '../../stand/api/apiServer';
import { established } from '../../stand/api/established';
import { checkout } from '../../../release/tools/paths';

const crdFile = join(checkout, 'crds', 'acceleration.dev_sidecaraccelerations.yaml');
const exampleFile = join(checkout, 'docs', 'examples', 'default.yaml');

let server: ApiServer;

beforeAll(async () => {
  server = await startApiServer();
});

afterAll(() => server?.stop());

const accelctl = (words: string[], kubeconfig = server.kubeconfig) => accelctlOn(kubeconfig, words);

async function succeed(args: readonly string[], input?: string): Promise<void> {
  const { code, stderr } = await server.kubectl(args, input);
  if (code !== 0) throw new Error(`kubectl ${args.join(' ')}: ${stderr.trim()}`);
}

const since = '2026-01-01T00:00:00Z';
const status = {
  conditions: [{ type: 'Ready', status: 'True', reason: 'Tested', message: 'As tested.', observedGeneration: 1, lastTransitionTime: since }],
  nodes: { desired: 2, ready: 2, unsupported: [] },
  connections: { open: 10, accelerated: 9 },
  bytes: { fast: 2 ** 30, tcp: 0 },
  namespaces: [
    {
      name: 'shop',
      state: 'Partial',
      pods: { selected: 2, accelerated: 2 },
      connections: { open: 10, accelerated: 9 },
      bytes: { fast: 2 ** 30, tcp: 0 },
      reasons: [{ reason: 'PeerElsewhere', connections: 1 }],
      since,
    },
  ],
};

// The tests follow one cluster from empty to accelerated; each test needs the state that the test before it left.
describe('accelctl', () => {
  it('says that the chart is missing while the cluster has no CRD', async () => {
    const { code, stderr } = await accelctl(['status']);
    expect(stderr).toBe(
      'accelctl: reading sidecaraccelerations.acceleration.dev/default: the cluster does not know this resource type; install the chart: helm install sidecar-acceleration charts/sidecar-acceleration\n',
    );
    expect(code).toBe(1);
  });

  it('says that the resource is missing', async () => {
    await succeed(['apply', '--server-side', '-f', crdFile]);
    await established(server, 'sidecaraccelerations.acceleration.dev');
    const { code, stderr } = await accelctl(['status']);
    expect(stderr).toBe(
      'accelctl: reading sidecaraccelerations.acceleration.dev/default: there is no such resource, so nothing is accelerated; to accelerate: accelctl on --select istio-injection=enabled, or: kubectl apply -f docs/examples/default.yaml\n',
    );
    expect(code).toBe(1);
  });

  it('exits with 3 while no controller has reconciled the resource', async () => {
    await succeed(['apply', '-f', exampleFile]);
    const { code, stdout } = await accelctl(['status']);
    expect(stdout).toContain('not ready: no controller has reconciled the resource yet');
    expect(code).toBe(3);
  });

  it('shows a status that the API server has stored', async () => {
    const object = { apiVersion: 'acceleration.dev/v1alpha1', kind: 'SidecarAcceleration', metadata: { name: 'default' }, status };
    await succeed(['apply', '--server-side', '--subresource=status', '--field-manager=test', '-f', '-'], JSON.stringify(object));
    const { code, stdout } = await accelctl(['status']);
    expect(stdout).toContain('9 of 10 ends accelerated (90%)');
    expect(stdout).toMatch(/shop\s+Partial\s+2\/2\s+9\/10\s+1.0 GiB\s+0 B\s+\S+\s+PeerElsewhere 1/);
    expect(code).toBe(0);
  });

  it('explains by the labels of a namespace why none of its pods is accelerated', async () => {
    const { code, stdout } = await accelctl(['explain', 'default']);
    expect(stdout).toContain('not selected: its labels do not match spec.selector.namespaces (istio-injection=enabled)');
    expect(code).toBe(3);
  });

  it('warns in explain and doctor of connections that stay on TCP, and of tools whose effect on packets redirected bytes would miss', async () => {
    const group = 'chaos-mesh.org';
    const names = { plural: 'networkchaos', singular: 'networkchaos', kind: 'NetworkChaos' };
    const schema = { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } };
    const crd = {
      apiVersion: 'apiextensions.k8s.io/v1',
      kind: 'CustomResourceDefinition',
      metadata: { name: `networkchaos.${group}` },
      spec: { group, names, scope: 'Namespaced', versions: [{ name: 'v1alpha1', served: true, storage: true, schema }] },
    };
    await succeed(['apply', '-f', '-'], JSON.stringify(crd));
    await established(server, `networkchaos.${group}`);
    const pod = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'cart', annotations: { 'kubernetes.io/egress-bandwidth': '1M' } },
      spec: { automountServiceAccountToken: false, containers: [{ name: 'a', image: 'b' }] },
    };
    const chaos = {
      apiVersion: `${group}/v1alpha1`,
      kind: 'NetworkChaos',
      metadata: { name: 'slow' },
      spec: { action: 'delay', selector: { labelSelectors: { app: 'cart' } } },
    };
    await succeed(['create', 'namespace', 'meshed']);
    await succeed(['label', 'namespace', 'meshed', 'istio-injection=enabled']);
    for (const each of [pod, chaos]) await succeed(['apply', '-n', 'meshed', '-f', '-'], JSON.stringify(each));
    const { stdout } = await accelctl(['explain', 'meshed']);
    expect(stdout).toContain('Note: bandwidth is limited by annotation: connections with other pods stay on TCP, so that the limit holds (cart).');
    expect(stdout).toContain('Note: NetworkChaos of Chaos Mesh acts on packets of its pods (slow in namespace meshed).');
    const doctor = await accelctl(['doctor']);
    expect(doctor.stdout).toMatch(/warning\s+namespaces\s+meshed: bandwidth is limited/);
    expect(doctor.stdout).toMatch(
      /warning\s+namespaces\s+meshed: NetworkChaos of Chaos Mesh acts on packets of its pods \(slow in namespace meshed\)/,
    );
  });

  it('says that a namespace does not exist', async () => {
    const { code, stderr } = await accelctl(['explain', 'nowhere']);
    expect(stderr).toBe('accelctl: reading namespaces/nowhere: there is no such namespace; see kubectl get namespaces\n');
    expect(code).toBe(1);
  });

  it.each([
    ['wrong credentials', { token: 'wrong' }, 'does not accept these credentials; log in again or choose another --context'],
    ['a user without rights', { as: 'nobody' }, 'this user may not get sidecaraccelerations.acceleration.dev/default; ask for the verb get'],
    ['a server that is not there', { server: 'https://127.0.0.1:1' }, 'https://127.0.0.1:1 cannot be reached: '],
    ['a kubeconfig without a cluster', { empty: true }, 'reading the kubeconfig: no cluster is configured; set KUBECONFIG'],
  ])('says in one line what to do about %s', async (name, change, words) => {
    const { code, stderr } = await accelctl(['status'], await kubeconfigWith(server, name.replaceAll(' ', '-'), change));
    expect(stderr).toContain(words);
    expect(stderr.trim().split('\n')).toHaveLength(1);
    expect(code).toBe(1);
  });
});
