// An attacker who is root on the controller's node has the controller's token, and tries to start pods on every node with it.
import { specWith } from '../../../../operator/controller/agents/agents.testing';
import { render } from '../../../../operator/controller/render';
import { template } from '../../../../release/gitops/chart';
import { namespace } from '../../../stand/api/controllerProcess';
import { waitFor } from '../../../stand/support/waitFor';
import { type Attack, brokenBy } from '../attack';

const account = `system:serviceaccount:${namespace}:sidecar-acceleration-controller`;
const agent = 'sidecar-acceleration-agent';

export const controllerToken: Attack = {
  name: 'the controller’s token, used for a DaemonSet, a Secret and a resource of one’s own',
  attacker: 'node',
  before: 'a DaemonSet of any name, image, host path and capability was made on every node',
  run: async (stage) => {
    const { bench } = await stage.controller();
    const { server } = bench;
    const policies = await template(server.tools, namespace, {}, ['--show-only=templates/admissionpolicy.yaml']);
    const as = async (object: object): Promise<boolean> =>
      (
        await server.kubectl(
          [
            'apply',
            '--server-side',
            '--force-conflicts',
            '--field-manager=sidecar-acceleration',
            '--dry-run=server',
            `--namespace=${namespace}`,
            `--as=${account}`,
            '-f',
            '-',
          ],
          JSON.stringify(object),
        )
      ).code === 0;
    try {
      await server.kubectl(['apply', '--server-side', '-f', '-'], policies);
      // each of the two policies comes into force at a moment of its own
      const refused = async (changes: Changes): Promise<boolean> => !(await as(daemonSet(changes)));
      const inForce = async (): Promise<boolean> => (await refused({ name: 'another' })) && (await refused({ container: { image: 'miner:1' } }));
      await waitFor('the policies to be in force', async () => (await inForce()) && (await as(daemonSet({}))), { timeoutMs: 90_000 });
      const tries = tried();
      const made: string[] = [];
      for (const [what, object] of tries) if (await as(object)) made.push(what);
      const patch = JSON.stringify({ spec: { agent: { image: 'miner:1' } } });
      if ((await server.kubectl(['patch', 'sca', 'default', '--type=merge', '--dry-run=server', `--as=${account}`, '-p', patch])).code === 0)
        made.push('the resource');
      const own = await as(daemonSet({}));
      return {
        cost: `the token of the controller, ${tries.length + 1} requests`,
        now: `${made.length} of ${tries.length + 1} were taken; the agents of the product are${own ? '' : ' not'}`,
        figures: { tried: tries.length + 1, taken: made.length },
        broken: brokenBy([made.length > 0, `taken: ${made.join(', ')}`], [!own, 'the product cannot make its agents']),
      };
    } finally {
      await server.kubectl(['delete', '-f', '-'], policies);
    }
  },
};

interface Changes {
  readonly name?: string;
  readonly volumes?: readonly object[];
  readonly pod?: object;
  readonly container?: object;
}

/** The DaemonSet as the controller of the stage renders it, with some changes. */
function daemonSet({ name = agent, volumes = [], pod = {}, container = {} }: Changes): object {
  const owner = { apiVersion: 'acceleration.dev/v1alpha1', kind: 'SidecarAcceleration', name: 'default', uid: '1' };
  const rendered = render({
    spec: specWith(),
    owner,
    namespace,
    image: 'sidecar-acceleration:test',
    pullPolicy: 'Never',
    pullSecrets: [],
    controllerAddress: '10.98.0.1:9443',
    ca: '',
  });
  const found = structuredClone(rendered.find(({ kind }) => kind === 'DaemonSet')) as unknown as {
    metadata: { name: string };
    spec: { template: { spec: { containers: object[]; volumes: object[] } } };
  };
  const { spec } = found.spec.template;
  Object.assign(spec, pod);
  Object.assign(spec.containers[0] ?? {}, container);
  spec.volumes.push(...volumes);
  found.metadata.name = name;
  return found;
}

function tried(): [string, object][] {
  const everything = { privileged: true, readOnlyRootFilesystem: true };
  return [
    ['another name', daemonSet({ name: 'miner' })],
    ['another image', daemonSet({ container: { image: 'miner:1' } })],
    ['an image named alike', daemonSet({ container: { image: 'evil.example/sidecar-acceleration:test' } })],
    ['the root of the node', daemonSet({ volumes: [{ name: 'root', hostPath: { path: '/' } }] })],
    ['a privileged container', daemonSet({ container: { securityContext: everything } })],
    [
      'one more capability',
      daemonSet({
        container: {
          securityContext: { readOnlyRootFilesystem: true, allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'], add: ['SYS_MODULE'] } },
        },
      }),
    ],
    ['another account', daemonSet({ pod: { serviceAccountName: 'sidecar-acceleration-controller' } })],
    ['the network of the node', daemonSet({ pod: { hostNetwork: true } })],
    ['another command', daemonSet({ container: { command: ['node', '-e', '1'] } })],
    [
      'a token of another account',
      {
        apiVersion: 'v1',
        kind: 'Secret',
        type: 'kubernetes.io/service-account-token',
        metadata: { name: 'sidecar-acceleration-channel', annotations: { 'kubernetes.io/service-account.name': 'default' } },
      },
    ],
    ['a ServiceAccount of another name', { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'own' } }],
  ];
}
