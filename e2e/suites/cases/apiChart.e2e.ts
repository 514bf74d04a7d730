// The chart on a real API server: every object is accepted, and the controller gets the rights that it needs and no others.
import { startApiServer, type ApiServer } from '../../stand/api/apiServer';
import { chartDirectory as chart } from '../../../release/gitops/chart';
import { established } from '../../stand/api/established';
import { attempt, type CommandResult } from '../../../release/tools/command';
import { waitFor } from '../../stand/support/waitFor';
import { provideModuleFile, serviceMonitorCrd } from '../../stand/tools/moduleFile';

const namespace = 'acceleration-system';
const controller = `system:serviceaccount:${namespace}:sidecar-acceleration-controller`;

let server: ApiServer;

beforeAll(async () => {
  server = await startApiServer();
});

afterAll(() => server?.stop());

function helm(...args: string[]): Promise<CommandResult> {
  return attempt(server.tools.path('helm'), ['--kubeconfig', server.kubeconfig, '--namespace', namespace, ...args], { timeoutMs: 60_000 });
}

async function json(...args: string[]) {
  const { stdout, stderr } = await server.kubectl([...args, '-o', 'json']);
  if (stdout === '') throw new Error(`kubectl ${args.join(' ')}: ${stderr.trim()}`);
  return JSON.parse(stdout);
}

it('passes helm lint in its strict form', async () => {
  const { code, stdout } = await helm('lint', '--strict', chart);
  expect([code, stdout]).toEqual([0, expect.stringContaining('0 chart(s) failed')]);
});

describe('an installed chart', () => {
  let notes: string;

  beforeAll(async () => {
    const { code, stdout, stderr } = await helm('install', 'any', chart, '--create-namespace');
    if (code !== 0) throw new Error(`installing the chart: ${stderr.trim()}`);
    notes = stdout;
  });

  it('brings the CRD, which the API server establishes', async () => {
    const waited = await server.kubectl(['wait', '--for=condition=Established', 'crd/sidecaraccelerations.acceleration.dev', '--timeout=30s']);
    expect(waited.code).toBe(0);
  });

  it('prints notes whose next commands work', async () => {
    const [, manifest = ''] = /<<EOF\n([^]*?)\n {2}EOF/.exec(notes) ?? [];
    const applied = await server.kubectl(['apply', '--dry-run=server', '-f', '-'], manifest.replace(/^ {2}/gm, ''));
    expect(applied.stdout).toBe('sidecaracceleration.acceleration.dev/default created (server dry run)\n');
    expect(notes).toContain('helm test any -n acceleration-system');
    expect(notes).not.toContain('WARNING');
  });

  it('has a controller that is not root, has a read-only root file system and no capability', async () => {
    const pod = (await json('get', 'deployment', 'sidecar-acceleration-controller', '-n', namespace)).spec.template.spec;
    expect(pod.securityContext).toMatchObject({ runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } });
    expect(pod.containers[0].securityContext).toEqual({
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    });
  });

  it('has a Service of a fixed name whose selector finds the controller', async () => {
    const service = await json('get', 'service', 'sidecar-acceleration-controller', '-n', namespace);
    const deployment = await json('get', 'deployment', 'sidecar-acceleration-controller', '-n', namespace);
    expect(deployment.spec.template.metadata.labels).toMatchObject(service.spec.selector);
    expect(service.spec.ports.map(({ port }: { port: number }) => port)).toEqual([9443, 8080]);
    expect(service.spec.clusterIP).not.toBe('None');
  });

  it.each([
    ['list', 'sidecaraccelerations.acceleration.dev/default', ''],
    ['patch', 'sidecaraccelerations.acceleration.dev/default', '--subresource=status'],
    ['watch', 'namespaces', ''],
    ['create', 'tokenreviews.authentication.k8s.io', ''],
    ['create', 'daemonsets.apps', `-n=${namespace}`],
    ['patch', 'daemonsets.apps/sidecar-acceleration-agent', `-n=${namespace}`],
    ['delete', 'pods', `-n=${namespace}`],
    ['list', 'pods', ''],
    ['get', 'secrets/sidecar-acceleration-channel', `-n=${namespace}`],
    ['update', 'leases.coordination.k8s.io/sidecar-acceleration-controller', `-n=${namespace}`],
  ])('lets the controller %s %s %s', async (verb, resource, scope) => {
    expect((await mayThe(controller, verb, resource, scope)).trim()).toBe('yes');
  });

  it.each([
    ['delete', 'sidecaraccelerations.acceleration.dev/default', ''],
    ['patch', 'sidecaraccelerations.acceleration.dev/another', ''],
    ['list', 'secrets', `-n=${namespace}`],
    ['get', 'secrets/another', `-n=${namespace}`],
    ['watch', 'pods', '-n=kube-system'],
    ['get', 'pods', '-n=kube-system'],
    ['create', 'pods', `-n=${namespace}`],
    ['patch', 'daemonsets.apps/another', `-n=${namespace}`],
    ['create', 'daemonsets.apps', '-n=kube-system'],
    ['patch', 'namespaces', ''],
  ])('does not let the controller %s %s %s', async (verb, resource, scope) => {
    expect((await mayThe(controller, verb, resource, scope)).trim()).toBe('no');
  });

  it.each([
    ['the Lease of the controller', `coordination.k8s.io/v1/namespaces/${namespace}/leases/sidecar-acceleration-controller`, 'leader-election'],
    ['namespaces and all else', 'acceleration.dev/v1alpha1/sidecaraccelerations?limit=1', 'workload-high'],
  ])('has the API server answer the controller’s requests for %s from a level of its own kind', async (_what, path, level) => {
    const { metadata } = await json('get', 'prioritylevelconfiguration', level);
    await waitFor(`level ${level}`, async () => {
      const { stderr } = await server.kubectl(['--as', controller, '-v=8', 'get', '--raw', `/apis/${path}`]);
      return new RegExp(`X-Kubernetes-Pf-Prioritylevel-Uid.*${metadata.uid}`, 'i').test(stderr);
    });
  });

  it('can be upgraded to values with every feature on; the API server accepts all objects, also those of the Prometheus operator', async () => {
    await server.kubectl(['apply', '--server-side', '-f', await provideModuleFile(serviceMonitorCrd)]);
    await established(server, 'servicemonitors.monitoring.coreos.com');
    const options = ['replicas=3', 'networkPolicy.enabled=true', 'metrics.serviceMonitor.enabled=true', 'metrics.dashboard.enabled=true'];
    const { code, stderr } = await helm('upgrade', 'any', chart, ...options.flatMap((option) => ['--set', option]));
    expect([code, stderr]).toEqual([0, '']);
    expect((await json('get', 'deployment', 'sidecar-acceleration-controller', '-n', namespace)).spec.replicas).toBe(3);
    expect((await json('get', 'servicemonitors', '-n', namespace)).items).toHaveLength(2);
    expect((await json('get', 'poddisruptionbudgets', '-n', namespace)).items).toHaveLength(1);
  });

  it('can be rolled back to the first revision', async () => {
    expect((await helm('rollback', 'any', '1')).code).toBe(0);
    expect((await json('get', 'deployment', 'sidecar-acceleration-controller', '-n', namespace)).spec.replicas).toBe(2);
    expect((await json('get', 'servicemonitors', '-n', namespace)).items).toEqual([]);
  });

  it('warns where Pod Security will not admit the agents', async () => {
    await server.kubectl(['label', 'namespace', namespace, 'pod-security.kubernetes.io/enforce=baseline']);
    expect((await helm('upgrade', 'any', chart)).stdout).toContain(`WARNING: Pod Security of namespace ${namespace} enforces baseline`);
    await server.kubectl(['label', 'namespace', namespace, 'pod-security.kubernetes.io/enforce-']);
  });

  // No controller runs jobs here, so the uninstall skips the hook that drains; tests on a real cluster cover the drain.
  it('keeps the CRD, and so the resource, when it is uninstalled without the drain', async () => {
    expect((await helm('uninstall', 'any', '--no-hooks')).code).toBe(0);
    expect((await server.kubectl(['get', 'crd', 'sidecaraccelerations.acceleration.dev'])).code).toBe(0);
    const left = await server.kubectl([
      'get',
      'all,configmaps,leases,serviceaccounts,roles,rolebindings,secrets',
      '-n',
      namespace,
      '-l',
      'app.kubernetes.io/instance=any',
      '-o',
      'name',
    ]);
    expect(left.stdout).toBe('');
    const wide = await server.kubectl(['get', 'clusterroles,clusterrolebindings', '-l', 'app.kubernetes.io/instance=any', '-o', 'name']);
    expect(wide.stdout).toBe('');
  });
});

async function mayThe(subject: string, verb: string, resource: string, scope: string): Promise<string> {
  const { stdout } = await server.kubectl(['auth', 'can-i', verb, resource, `--as=${subject}`, ...(scope === '' ? [] : [scope])]);
  return stdout;
}
