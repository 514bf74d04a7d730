// The life of an installation with an audit log of the API server: the controller uses every right that it has, and has no others.
import { createCertificates } from '../../../operator/controller/channel/channelCertificate';
import { requestsOf } from '../../stand/api/audit';
import { grantsOf, wrongRights } from './rights';
import type { ControllerBench } from '../../stand/api/controllerBench';
import { namespace } from '../../stand/api/controllerProcess';
import { LiveBench } from '../../stand/api/liveBench';
import { SimulatedFleet } from '../../stand/api/simulatedFleet';
import { waitFor } from '../../stand/support/waitFor';

const name = 'sidecar-acceleration-controller';
const channel = 'sidecar-acceleration-channel';
/** The ClusterRole for live data. */
const liveRights = 'sidecar-acceleration-live';
const dayMs = 86_400_000;

let bench: ControllerBench;
let fleet: SimulatedFleet;

beforeAll(async () => {
  // The pod has addresses of both IP families, so the leader publishes an EndpointSlice for each.
  ({ bench } = await LiveBench.start({ audit: true, values: ['admissionPolicy.enabled=true'], environment: { POD_IPS: '192.0.2.1,2001:db8::1' } }));
});

afterAll(async () => {
  await fleet?.stop();
  await bench?.stop();
});

it('does everything that needs a right: renews a certificate, loses the Lease, follows a resource from its first order to its deletion', async () => {
  await waitFor('the first certificates', certificates);
  await bench.controller.stop();
  const old = await createCertificates(new Date(Date.now() - 300 * dayMs));
  const stringData = { 'ca.crt': old.ca, 'ca.key': old.caKey, 'tls.crt': old.certificate, 'tls.key': old.key };
  await bench.kubectl(['patch', 'secret', channel, '-n', namespace, '--type=merge', '-p', JSON.stringify({ stringData })]);
  await bench.kubectl(['delete', 'lease', name, '-n', namespace]);
  await bench.controller.start();
  await waitFor('a renewed certificate', async () => (await certificates())['tls.crt'] !== Buffer.from(old.certificate).toString('base64'));

  fleet = await SimulatedFleet.start(bench, () => 'well');
  for (const node of ['n1', 'n2']) await fleet.addNode(node);
  await bench.applyResource({ agent: { image: 'agent:1' }, rollout: { bakeSeconds: 0 } });
  await waitFor('the first revision', async () => (await bench.resource()).status?.rollout?.stage === 'Done');
  await bench.change({ spec: { agent: { image: 'agent:2' } } });
  await waitFor('the second revision', async () => fleet.on('agent:2').length === 2 && (await bench.resource()).status?.rollout?.stage === 'Done');
  await bench.ready();
  await bench.kubectl(['get', '--raw', '/apis/live.acceleration.dev/v1alpha1/connections']);
  await bench.kubectl(['delete', 'sca', 'default', '--timeout=50s']);
  await bench.controller.logged(/the datapath is removed/);
}, 240_000);

it('has used every right that it has, no right is broader than its use, and no request was refused', async () => {
  await bench.controller.stop();
  const roles = [
    await bench.get('clusterrole', name),
    await bench.get('clusterrole', liveRights),
    await bench.get('role', name, '-n', namespace),
    await bench.get('role', name, '-n', 'default'),
  ];
  const requests = requestsOf(bench.server.auditLog, `system:serviceaccount:${namespace}:${name}`);
  expect(wrongRights(roles.flatMap(grantsOf), requests)).toEqual([]);
});

it('is bound to its roles only: in the cluster, in its namespace, for events, and to read how the API server identifies users of live data', async () => {
  const [{ items: inCluster }, { items: inNamespaces }] = [await bench.get('clusterrolebindings'), await bench.get('rolebindings', '-A')];
  interface Binding {
    readonly metadata: { readonly name: string };
    readonly subjects?: readonly { readonly name: string; readonly namespace?: string }[];
  }
  const ours = (items: readonly Binding[]): string[] =>
    items
      .filter(({ subjects = [] }) => subjects.some((subject) => subject.name === name && subject.namespace === namespace))
      .map(({ metadata }) => metadata.name);
  expect([ours(inCluster), ours(inNamespaces)]).toEqual([
    [name, liveRights],
    [name, name, liveRights],
  ]);
});

async function certificates(): Promise<Record<string, string>> {
  return (await bench.get('secret', channel, '-n', namespace)).data;
}
