// The chart on a real API server: every object is accepted, values are checked, and the controller gets its rights and no others.
import { join } from 'node:path';
import { parse } from 'yaml';
import { startApiServer, type ApiServer } from '../support/apiServer';
import { attempt, type CommandResult } from '../tools/command';

const chart = join(__dirname, '..', '..', 'charts', 'sidecar-acceleration');
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

/** The one container of the controller that the chart makes of the values. */
async function containerWith(...values: string[]) {
  const { stdout } = await helm('template', 'any', chart, '--validate', '-s', 'templates/deployment.yaml', ...values.flatMap((value) => ['--set', value]));
  return parse(stdout).spec.template.spec.containers[0];
}

it('passes helm lint in its strict form', async () => {
  const { code, stdout } = await helm('lint', '--strict', chart);
  expect([code, stdout]).toEqual([0, expect.stringContaining('0 chart(s) failed')]);
});

describe('an installed chart', () => {
  beforeAll(async () => {
    const { code, stderr } = await helm('install', 'any', chart, '--create-namespace');
    if (code !== 0) throw new Error(`installing the chart: ${stderr.trim()}`);
  });

  it('brings the CRD, which the API server establishes', async () => {
    const waited = await server.kubectl(['wait', '--for=condition=Established', 'crd/sidecaraccelerations.acceleration.dev', '--timeout=30s']);
    expect(waited.code).toBe(0);
  });

  it('has a controller that is not root, writes to no disk and holds no capability', async () => {
    const pod = (await json('get', 'deployment', 'sidecar-acceleration-controller', '-n', namespace)).spec.template.spec;
    expect(pod.securityContext).toMatchObject({ runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } });
    expect(pod.containers[0].securityContext).toEqual({ allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] } });
  });

  it('has a Service of a fixed name whose selector finds the controller', async () => {
    const service = await json('get', 'service', 'sidecar-acceleration-controller', '-n', namespace);
    const deployment = await json('get', 'deployment', 'sidecar-acceleration-controller', '-n', namespace);
    expect(deployment.spec.template.metadata.labels).toMatchObject(service.spec.selector);
    expect(service.spec.ports.map(({ port }: { port: number }) => port)).toEqual([9443, 8080]);
    expect(service.spec.clusterIP).not.toBe('None');
  });

  it.each([
    ['list', 'sidecaraccelerations.acceleration.dev', ''],
    ['patch', 'sidecaraccelerations.acceleration.dev', '--subresource=status'],
    ['watch', 'namespaces', ''],
    ['create', 'tokenreviews.authentication.k8s.io', ''],
    ['create', 'daemonsets.apps', `-n=${namespace}`],
    ['patch', 'daemonsets.apps/sidecar-acceleration-agent', `-n=${namespace}`],
    ['get', 'secrets/sidecar-acceleration-channel', `-n=${namespace}`],
    ['update', 'leases.coordination.k8s.io/sidecar-acceleration-controller', `-n=${namespace}`],
  ])('lets the controller %s %s %s', async (verb, resource, scope) => {
    expect((await mayThe(controller, verb, resource, scope)).trim()).toBe('yes');
  });

  it.each([
    ['delete', 'sidecaraccelerations.acceleration.dev', ''],
    ['list', 'secrets', `-n=${namespace}`],
    ['get', 'secrets/another', `-n=${namespace}`],
    ['list', 'pods', `-n=${namespace}`],
    ['patch', 'daemonsets.apps/another', `-n=${namespace}`],
    ['create', 'daemonsets.apps', '-n=kube-system'],
    ['patch', 'namespaces', ''],
  ])('does not let the controller %s %s %s', async (verb, resource, scope) => {
    expect((await mayThe(controller, verb, resource, scope)).trim()).toBe('no');
  });

  it('can be upgraded to the same chart', async () => {
    expect((await helm('upgrade', 'any', chart, '--set', 'replicas=2')).code).toBe(0);
    expect((await json('get', 'deployment', 'sidecar-acceleration-controller', '-n', namespace)).spec.replicas).toBe(2);
  });

  it('leaves the CRD, and so the resource, when it is uninstalled', async () => {
    expect((await helm('uninstall', 'any')).code).toBe(0);
    expect((await server.kubectl(['get', 'crd', 'sidecaraccelerations.acceleration.dev'])).code).toBe(0);
    expect((await server.kubectl(['get', 'deployment', 'sidecar-acceleration-controller', '-n', namespace])).code).not.toBe(0);
  });
});

describe('the values', () => {
  it('are refused by name when they are unknown or wrong', async () => {
    const unknown = await helm('template', 'any', chart, '--validate', '--set', 'imagee.tag=1');
    expect(unknown.stderr).toContain("'imagee'");
    const wrong = await helm('template', 'any', chart, '--validate', '--set', 'image.pullPolicy=Sometimes');
    expect(wrong.stderr).toContain("'Always', 'IfNotPresent', 'Never'");
  });

  it('pin the image by digest, for the controller and through it for the agents', async () => {
    const digest = `sha256:${'0'.repeat(64)}`;
    const container = await containerWith('image.repository=mirror.example/acc', `image.digest=${digest}`);
    expect(container.image).toBe(`mirror.example/acc@${digest}`);
    expect(container.env).toContainEqual({ name: 'IMAGE', value: `mirror.example/acc@${digest}` });
  });

  it('hand pull secrets on to the agents', async () => {
    const container = await containerWith('image.pullSecrets[0].name=one', 'image.pullSecrets[1].name=two');
    expect(container.env).toContainEqual({ name: 'IMAGE_PULL_SECRETS', value: 'one,two' });
  });
});

async function mayThe(subject: string, verb: string, resource: string, scope: string): Promise<string> {
  const { stdout } = await server.kubectl(['auth', 'can-i', verb, resource, `--as=${subject}`, ...(scope === '' ? [] : [scope])]);
  return stdout;
}
