// The admission policies on a real API server: the controller's account may make the product's objects, and an attacker with its token no other pods.
import { agentCapabilities } from '../../../operator/api';
import { specWith } from '../../../operator/controller/agents/agents.testing';
import { render } from '../../../operator/controller/render';
import type { Manifest } from '../../../operator/kube';
import { type ApiServer, startApiServer } from '../../stand/api/apiServer';
import { chartDirectory as chart } from '../../../release/gitops/chart';
import { established } from '../../stand/api/established';
import { waitFor } from '../../stand/support/waitFor';
import { attempt, type CommandResult } from '../../../release/tools/command';

const namespace = 'acceleration-system';
const account = `system:serviceaccount:${namespace}:sidecar-acceleration-controller`;
const owner = { apiVersion: 'acceleration.dev/v1alpha1', kind: 'SidecarAcceleration', name: 'default', uid: '1' };

let server: ApiServer;

/** The objects of the agents as the controller renders them for this spec. */
function rendered(spec: object = {}): Manifest[] {
  return render({
    spec: specWith(spec),
    owner,
    namespace,
    image: 'sidecar-acceleration:1.2.3',
    pullPolicy: 'Never',
    pullSecrets: [],
    controllerAddress: '10.98.0.1:9443',
    ca: 'PEM',
  });
}

interface Agents extends Manifest {
  metadata: { name: string };
  spec: {
    template: {
      spec: {
        containers: {
          image: string;
          command: string[];
          args?: string[];
          env: { name: string; value?: string }[];
          securityContext: object;
          volumeMounts: object[];
          lifecycle?: object;
        }[];
        initContainers?: object[];
        volumes: object[];
        serviceAccountName: string;
        automountServiceAccountToken: boolean;
        hostNetwork: boolean;
      };
    };
  };
}

function daemonSet(spec: object = {}): Agents {
  return rendered(spec).find(({ kind }) => kind === 'DaemonSet') as Agents;
}

/** Applies an object as the controller's account, as the controller does, and as an attacker with its token would. */
function apply(object: object): Promise<CommandResult> {
  return server.kubectl(
    ['apply', '--server-side', '--force-conflicts', '--field-manager=sidecar-acceleration', `--namespace=${namespace}`, `--as=${account}`, '-f', '-'],
    JSON.stringify(object),
  );
}

async function applyResource(spec: object = {}): Promise<void> {
  const { code, stderr } = await server.kubectl(
    ['apply', '--server-side', '-f', '-'],
    JSON.stringify({ apiVersion: owner.apiVersion, kind: owner.kind, metadata: { name: 'default' }, spec }),
  );
  if (code !== 0) throw new Error(stderr);
}

/** Waits until the API server accepts the object, which it does when its policies know the current resource. */
const taken = (object: object): Promise<void> =>
  waitFor('the API server to take it', async () => {
    const { code, stderr } = await apply(object);
    if (code !== 0) throw new Error(stderr);
    return true;
  }).then(() => undefined);

beforeAll(async () => {
  server = await startApiServer();
  const { code, stderr } = await attempt(
    server.tools.path('helm'),
    ['--kubeconfig', server.kubeconfig, '-n', namespace, 'install', 'any', chart, '--create-namespace'],
    { timeoutMs: 60_000 },
  );
  if (code !== 0) throw new Error(`installing the chart: ${stderr.trim()}`);
  await established(server, 'sidecaraccelerations.acceleration.dev');
  await applyResource();
  // The account gets all rights of RBAC, so that only the admission policies can refuse a request.
  await server.kubectl([
    'create',
    'clusterrolebinding',
    'all-of-it',
    '--clusterrole=cluster-admin',
    `--serviceaccount=${namespace}:sidecar-acceleration-controller`,
  ]);
  await waitFor(
    'the policies to be in force',
    async () => (await apply({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'another' } })).code !== 0,
    { timeoutMs: 60_000 },
  );
  await waitFor('the policies to know the resource', async () => (await apply(daemonSet())).code === 0, { timeoutMs: 90_000 });
}, 240_000);

afterAll(() => server?.stop());

test('the policies have no warnings of the API server’s type check', async () => {
  const { stdout } = await server.kubectl([
    'get',
    'validatingadmissionpolicy',
    'sidecar-acceleration-agents',
    '-o',
    'jsonpath={.status.typeChecking.expressionWarnings}',
  ]);
  expect(stdout).toBe('');
});

test.each([
  ['as the resource has it by default', {}],
  ['with another image', { agent: { image: 'registry.example:5000/own/agent@sha256:abc' } }],
  ['with another socket', { agent: { criSocket: '/opt/runtime/run/own.sock' } }],
  ['that are privileged', { agent: { privileges: 'Privileged' } }],
  [
    'with tolerations, labels of nodes, resources and a priority',
    { nodes: { nodeSelector: { pool: 'mesh' } }, agent: { priorityClassName: 'system-node-critical', resources: { limits: { memory: '1Gi' } } } },
  ],
])('the product makes its agents: %s', async (_what, spec) => {
  await server.kubectl(['delete', 'sca', 'default']);
  await applyResource(spec);
  for (const object of rendered(spec)) await taken(object);
});

test('a rollout may go back to an earlier image, also of another tag, and to an earlier socket', async () => {
  await server.kubectl(['delete', 'sca', 'default']);
  await applyResource({ agent: { image: 'agent:2', criSocket: '/wrong/path.sock' } });
  await taken(daemonSet({ agent: { image: 'agent:1' } }));
  await taken(daemonSet());
});

describe('an attacker with the token of the controller', () => {
  beforeAll(async () => {
    await server.kubectl(['delete', 'sca', 'default']);
    await applyResource();
    await taken(daemonSet());
  });

  const changed = (change: (pod: Agents['spec']['template']['spec'], agents: Agents) => void): Agents => {
    const agents = structuredClone(daemonSet());
    change(agents.spec.template.spec, agents);
    return agents;
  };
  const first = (pod: Agents['spec']['template']['spec']): Agents['spec']['template']['spec']['containers'][number] => {
    const [container] = pod.containers;
    if (container === undefined) throw new Error('the agent has no container');
    return container;
  };
  const host = (path: string): object => ({ name: 'root', hostPath: { path } });

  test.each<[string, Agents, string]>([
    ['under another name', changed((_pod, agents) => (agents.metadata.name = 'miner')), 'its own objects only'],
    ['of another image', changed((pod) => (first(pod).image = 'miner:1')), 'image miner:1 is of neither'],
    [
      'of an image that is named like ours',
      changed((pod) => (first(pod).image = 'evil.example/sidecar-acceleration:1.2.3')),
      'image evil.example/sidecar-acceleration:1.2.3 is of neither',
    ],
    ['that see the root of the node', changed((pod) => pod.volumes.push(host('/'))), 'host paths'],
    ['that see the kubelet', changed((pod) => pod.volumes.push(host('/var/lib/kubelet'))), 'host paths'],
    [
      'with one more capability',
      changed(
        (pod) =>
          (first(pod).securityContext = {
            ...first(pod).securityContext,
            capabilities: { drop: ['ALL'], add: [...Object.keys(agentCapabilities), 'SYS_MODULE'] },
          }),
      ),
      'may have the capabilities',
    ],
    [
      'that are privileged',
      changed((pod) => (first(pod).securityContext = { privileged: true, readOnlyRootFilesystem: true })),
      'may have the capabilities',
    ],
    ['as another account', changed((pod) => (pod.serviceAccountName = 'sidecar-acceleration-controller')), 'agents must run as the ServiceAccount'],
    ['with a token for the API server', changed((pod) => (pod.automountServiceAccountToken = true)), 'agents must run as the ServiceAccount'],
    [
      'with a token of another audience',
      changed((pod) => pod.volumes.push({ name: 'api', projected: { sources: [{ serviceAccountToken: { path: 'token' } }] } })),
      'beside host paths',
    ],
    ['on the network of the node', changed((pod) => (pod.hostNetwork = true)), 'neither its network'],
    ['with a second container', changed((pod) => pod.containers.push({ ...first(pod), name: 'more' } as never)), 'must have one container'],
    [
      'with an init container',
      changed((pod) => (pod.initContainers = [{ name: 'before', image: 'sidecar-acceleration:1.2.3' }])),
      'must have one container',
    ],
    ['that run another program', changed((pod) => (first(pod).command = ['node', '-e', '1'])), 'run the agent and no other command'],
    [
      'that run something else when they start',
      changed((pod) => (first(pod).lifecycle = { postStart: { exec: { command: ['node', '-e', '1'] } } })),
      'run the agent and no other command',
    ],
    [
      'that load code by a variable',
      changed(
        (pod) =>
          (first(pod).env = [
            ...first(pod).env.filter((each) => each.name !== 'NODE_OPTIONS'),
            { name: 'NODE_OPTIONS', value: '--import data:text/javascript,1' },
          ]),
      ),
      'the environment variables that the product sets',
    ],
    [
      'that load a library by a variable',
      changed((pod) => first(pod).env.push({ name: 'LD_PRELOAD', value: '/host/x.so' })),
      'the environment variables that the product sets',
    ],
    [
      'with a ConfigMap over their program',
      changed((pod) => first(pod).volumeMounts.push({ name: 'channel', mountPath: '/host/../app/dist/operator/agent', readOnly: true })),
      'nothing may be mounted over its program',
    ],
    [
      'that may write to the cgroups',
      changed((pod) => first(pod).volumeMounts.push({ name: 'cgroup', mountPath: '/host/again' })),
      'may write to /sys/fs/bpf only',
    ],
    // Reading the runtime's directory is allowed: agents of earlier releases mount it, and a rollout may go back to them.
    [
      'that may write to the socket of the runtime',
      changed(
        (pod) =>
          pod.volumes.push({ name: 'cri', hostPath: { path: '/run/containerd' } }) +
          first(pod).volumeMounts.push({ name: 'cri', mountPath: '/host/again' }),
      ),
      'may write to /sys/fs/bpf only',
    ],
  ])('makes no agents %s', async (_what, agents, words) => {
    expect(await apply(agents)).toMatchObject({ code: 1, stderr: expect.stringContaining(words) as string });
  });

  const pod = { containers: [{ name: 'miner', image: 'miner:1' }] };
  const template = { metadata: { labels: { a: 'b' } }, spec: pod };
  const metadata = { name: 'sidecar-acceleration-agent' };

  test.each<[string, object]>([
    ['pod', { apiVersion: 'v1', kind: 'Pod', metadata, spec: pod }],
    ['Deployment', { apiVersion: 'apps/v1', kind: 'Deployment', metadata, spec: { selector: { matchLabels: { a: 'b' } }, template } }],
    [
      'StatefulSet',
      { apiVersion: 'apps/v1', kind: 'StatefulSet', metadata, spec: { serviceName: 'a', selector: { matchLabels: { a: 'b' } }, template } },
    ],
    ['ReplicaSet', { apiVersion: 'apps/v1', kind: 'ReplicaSet', metadata, spec: { selector: { matchLabels: { a: 'b' } }, template } }],
    ['Job', { apiVersion: 'batch/v1', kind: 'Job', metadata, spec: { template: { spec: { ...pod, restartPolicy: 'Never' } } } }],
    [
      'CronJob',
      {
        apiVersion: 'batch/v1',
        kind: 'CronJob',
        metadata,
        spec: { schedule: '* * * * *', jobTemplate: { spec: { template: { spec: { ...pod, restartPolicy: 'Never' } } } } },
      },
    ],
    ['ServiceAccount of another name', { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'own' } }],
    ['Secret of another name', { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'own' } }],
  ])('makes no %s', async (_kind, object) => {
    expect(await apply(object)).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('the controller may create and change its own objects only') as string,
    });
  });

  test('cannot have a token of another account written to the Secret that the controller may read', async () => {
    const secret = {
      apiVersion: 'v1',
      kind: 'Secret',
      type: 'kubernetes.io/service-account-token',
      metadata: { name: 'sidecar-acceleration-channel', annotations: { 'kubernetes.io/service-account.name': 'default' } },
    };
    expect(await apply(secret)).toMatchObject({ code: 1, stderr: expect.stringContaining('never a token of a ServiceAccount') as string });
  });

  test('cannot change the spec of the resource to allow another image', async () => {
    const patched = (patch: object) => server.kubectl(['patch', 'sca', 'default', '--type=merge', `--as=${account}`, '-p', JSON.stringify(patch)]);
    expect(await patched({ spec: { agent: { image: 'miner:1' } } })).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('never its spec') as string,
    });
    expect(await patched({ metadata: { finalizers: ['acceleration.dev/drain'] } })).toMatchObject({ code: 0 });
  });
});

test('the policies do not restrict other accounts', async () => {
  const { code, stderr } = await server.kubectl(['create', 'configmap', 'own', '-n', namespace]);
  expect([code, stderr]).toEqual([0, '']);
});
