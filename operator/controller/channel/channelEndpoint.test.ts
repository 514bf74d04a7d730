// The EndpointSlices with the leader's address.
import type { KubeClient } from '../../kube';
import { ChannelEndpoint } from './channelEndpoint';

function setUp(podIps: readonly string[]) {
  const writes: { path: string; body: unknown }[] = [];
  const clock = { now: 0 };
  const request = (_method: string, path: string, options: { body?: unknown }) => Promise.resolve(writes.push({ path, body: options.body }));
  const endpoint = new ChannelEndpoint({
    client: { request } as unknown as KubeClient,
    namespace: 'accel',
    service: { apiVersion: 'v1', kind: 'Service', name: 'channel', uid: 'u' },
    podName: 'c-1',
    podIps,
    port: 9443,
    now: () => clock.now,
  });
  return { writes, clock, endpoint };
}

test('the leader is the only endpoint of the Service, which owns the slice', async () => {
  const { endpoint, writes } = setUp(['10.0.0.7']);
  await endpoint.publish();
  expect(writes).toMatchObject([
    {
      path: '/apis/discovery.k8s.io/v1/namespaces/accel/endpointslices/channel-ipv4',
      body: {
        metadata: { labels: { 'kubernetes.io/service-name': 'channel' }, ownerReferences: [{ kind: 'Service', name: 'channel', uid: 'u' }] },
        addressType: 'IPv4',
        endpoints: [{ addresses: ['10.0.0.7'], conditions: { ready: true }, targetRef: { kind: 'Pod', name: 'c-1' } }],
        ports: [{ name: 'grpc', port: 9443, protocol: 'TCP' }],
      },
    },
  ]);
});

test('each family of addresses has a slice of its own', async () => {
  const { endpoint, writes } = setUp(['fd00::7', '10.0.0.7']);
  await endpoint.publish();
  expect(writes.map(({ path }) => path.split('/').at(-1))).toEqual(['channel-ipv6', 'channel-ipv4']);
  expect(writes[0]).toMatchObject({ body: { addressType: 'IPv6', endpoints: [{ addresses: ['fd00::7'] }] } });
});

test('slices are written again after a minute, and not at every pass', async () => {
  const { endpoint, writes, clock } = setUp(['10.0.0.7']);
  await endpoint.publish();
  clock.now = 59_999;
  await endpoint.publish();
  expect(writes).toHaveLength(1);
  clock.now = 60_000;
  await endpoint.publish();
  expect(writes).toHaveLength(2);
});
