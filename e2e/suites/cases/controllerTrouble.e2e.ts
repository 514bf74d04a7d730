// The real controller in trouble: strangers on its channel, replaced agents, its own death, a spec that it refuses, and nodes that are gone.
import { status as grpcStatus } from '@grpc/grpc-js';
import { maxMessageBytes } from '../../../operator/protocol';
import { ControllerBench, daemonSet } from '../../stand/api/controllerBench';
import { namespace } from '../../stand/api/controllerProcess';
import { agentPod, emptyReport, namespaceReport, requestToken, sayRaw, type TestAgent } from '../../stand/api/testAgent';
import { waitFor } from '../../stand/support/waitFor';

let bench: ControllerBench;
let one: TestAgent;
let two: TestAgent;

beforeAll(async () => {
  bench = await ControllerBench.start();
  await bench.applyResource();
  await bench.create(agentPod('agent-1', 'node1'), agentPod('agent-2', 'node2'));
  await bench.daemonSetOf(2);
  one = await bench.obedient(await bench.podToken('agent-1'), [namespaceReport('shop', { open: 10, accelerated: 8, fastBytes: 1000, tcpBytes: 50 })]);
  two = await bench.obedient(await bench.podToken('agent-2'));
  await bench.ready();
});

afterAll(() => bench?.stop());

describe('a stranger on the channel', () => {
  let downs: number;

  beforeAll(async () => {
    await bench.create(
      { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'stranger', namespace } },
      agentPod('stranger', 'node2', 'stranger'),
      agentPod('second-1', 'node1'),
    );
    downs = one.states.filter((state) => state.startsWith('down')).length;
  });

  /** Checks that the first agent still gets orders on its old stream. */
  afterEach(async () => {
    const spillBytes = 8192 + (one.orders.length % 1000);
    await bench.change({ spec: { connections: { spillBytes } } });
    await one.ordered('after the stranger', (order) => order.spillBytes === spillBytes);
    expect(one.states.filter((state) => state.startsWith('down')).length).toBe(downs);
  });

  it.each([
    ['a text that is no token', () => Promise.resolve('nonsense')],
    ['a token of another ServiceAccount', () => requestToken(bench.server, { account: 'stranger', pod: 'stranger' })],
    ['a token for another audience', () => requestToken(bench.server, { audience: 'https://kubernetes.default.svc', pod: 'agent-2' })],
    ['a token that is bound to no pod', () => requestToken(bench.server, {})],
  ])('with %s is refused and logged', async (_what, token) => {
    const already = bench.controller.log.length;
    const agent = await bench.obedient(await token());
    expect(await agent.state(/^down/)).toMatch(/UNAUTHENTICATED/);
    await waitFor('the log line', () => bench.controller.log.slice(already).some(({ message }) => /UNAUTHENTICATED/.test(message)));
    expect(agent.orders).toEqual([]);
    await agent.close();
  });

  it('that claims a node which has an agent is refused and logged', async () => {
    const agent = await bench.obedient(await bench.podToken('second-1'));
    expect(await agent.state(/^down/)).toMatch(/node1 already has an agent/);
    await bench.controller.logged(/node1 already has an agent/);
    expect(agent.orders).toEqual([]);
    await agent.close();
  });

  it('that sends an oversized message is cut off and logged', async () => {
    const already = bench.controller.log.length;
    const end = await sayRaw(await bench.endpoint(), await bench.podToken('agent-2'), Buffer.alloc(maxMessageBytes + 1024), true);
    expect(end.code).toBe(grpcStatus.RESOURCE_EXHAUSTED);
    await waitFor('the log line', () => bench.controller.log.slice(already).some(({ message }) => /RESOURCE_EXHAUSTED/.test(message)));
  });

  it('that sends a malformed message is cut off and logged', async () => {
    const already = bench.controller.log.length;
    const end = await sayRaw(await bench.endpoint(), await bench.podToken('agent-2'), Buffer.from([0xff, 0xff, 0xff, 0x01, 0x02]));
    expect(end.code).toBe(grpcStatus.INVALID_ARGUMENT);
    await waitFor('the log line', () => bench.controller.log.slice(already).some(({ message }) => /malformed/.test(message)));
  });
});

describe('when an agent is replaced', () => {
  it('a new stream of the same pod takes the place of the old one', async () => {
    const again = await bench.obedient(await bench.podToken('agent-2'), []);
    await two.state(/^down .*(is the agent of node|ABORTED)/);
    await two.close();
    two = again;
    await again.ordered('for the new stream', () => true);
  });

  it('a new pod takes the node once the old pod is deleted', async () => {
    await bench.kubectl(['delete', 'pod', 'agent-2', '-n', namespace, '--force', '--grace-period=0']);
    await bench.create(agentPod('agent-2b', 'node2'));
    const next = await bench.obedient(await bench.podToken('agent-2b'));
    await next.ordered('for the new pod', () => true);
    await two.close();
    two = next;
    await bench.ready();
  });
});

describe('when the controller dies', () => {
  it('the next controller has the same CA, its orders have no lower revision, and byte counts do not decrease', async () => {
    const channel = await bench.channel();
    one.report({
      ...emptyReport,
      appliedOrder: one.order?.revision ?? 0,
      namespaces: [namespaceReport('shop', { open: 10, accelerated: 10, fastBytes: 9000, tcpBytes: 50 })],
    });
    await waitFor('the bytes in status', async () => (await bench.resource()).status?.bytes?.fast === 9000);
    const before = one.order?.revision ?? 0;
    const orders = one.orders.length;
    await bench.controller.stop('SIGKILL');
    await bench.controller.start();
    // The lease of a killed leader has to run out first.
    await waitFor('an order of the new controller', () => one.orders.length > orders, { timeoutMs: 60_000 });
    expect(one.order?.revision).toBeGreaterThanOrEqual(before);
    expect(await bench.channel()).toEqual(channel);
    expect((await bench.resource()).status?.bytes?.fast).toBeGreaterThanOrEqual(9000);
    await bench.ready('60s');
  });

  it('by SIGTERM it exits with 0, and the next controller leads without waiting for the Lease to run out', async () => {
    expect(await bench.controller.stop('SIGTERM')).toBe(0);
    const orders = one.orders.length;
    await bench.controller.start();
    await waitFor('an order of the new controller', () => one.orders.length > orders, { timeoutMs: 10_000 });
  });
});

it('does not follow a spec that only a laxer CRD has accepted, and says so in the status', async () => {
  const path = '/spec/versions/0/schema/openAPIV3Schema/properties/spec/properties/connections/properties/spillBytes/maximum';
  const before = one.orders.length;
  await bench.kubectl(['patch', 'crd', 'sidecaraccelerations.acceleration.dev', '--type=json', '-p', JSON.stringify([{ op: 'remove', path }])]);
  await waitFor('the laxer CRD', () => bench.change({ spec: { connections: { spillBytes: 2 ** 31 } } }));
  await waitFor('Degraded', async () => (await bench.condition('Degraded'))?.reason === 'InvalidSpec');
  expect((await bench.condition('Degraded'))?.message).toMatch(/spillBytes/);
  expect(one.orders.length).toBe(before);
  // Acceleration goes on, so the counts stay in the status.
  expect((await bench.get('sca', 'default')).status).toMatchObject({ nodes: { desired: 2 }, namespaces: [{ name: 'shop' }] });
  await bench.change({ spec: { connections: { spillBytes: 1048576 } } });
  await bench.ready();
});

it('says in the status that the API server refuses the agents of a spec, gives its order all the same, and goes on with the next spec', async () => {
  await bench.change({ spec: { mode: 'Observe', agent: { resources: { requests: { memory: '512Mi' }, limits: { memory: '64Mi' } } } } });
  await waitFor('Ready', async () => (await bench.condition('Ready'))?.reason === 'AgentRejected');
  const { metadata, status } = await bench.resource();
  expect(status?.observedGeneration).toBe(metadata.generation);
  expect(await bench.condition('Ready')).toMatchObject({ status: 'False', observedGeneration: metadata.generation });
  expect((await bench.condition('Ready'))?.message).toMatch(/daemonsets\/.* HTTP 422 Invalid: .*must be less than or equal to memory limit/);
  expect(await bench.condition('Progressing')).toMatchObject({ status: 'False', reason: 'AgentRejected' });
  await one.ordered('of that spec', ({ mode }) => mode === 'Observe');
  expect(bench.controller.log.filter(({ message }) => message.includes('refuses the agents'))).toHaveLength(1);
  await bench.change({ spec: { mode: 'Accelerate', agent: { resources: { requests: { memory: '96Mi' }, limits: null } } } });
  await bench.daemonSetOf(2);
  await bench.ready();
});

it('drains every agent before it removes the finalizer, leaves nothing, and starts anew with the next resource', async () => {
  const deleting = bench.kubectl(['delete', 'sca', 'default', '--wait=true', '--timeout=50s']);
  await one.ordered('to remove', ({ remove }) => remove);
  await two.ordered('to remove', ({ remove }) => remove);
  await deleting;
  await bench.controller.logged(/the datapath is removed/);
  for (const [kind, name] of [
    ['ds', daemonSet],
    ['service', daemonSet],
    ['serviceaccount', daemonSet],
    ['configmap', 'sidecar-acceleration-channel'],
  ] as const) {
    const found = await bench.server.kubectl(['get', kind, name, '-n', namespace, '--ignore-not-found', '-o', 'name']);
    expect(found.stdout).toBe('');
  }
  // A late write of the controller must not create the resource again.
  expect((await bench.get('sca')).items).toEqual([]);
  const removal = one.order?.revision ?? 0;
  await bench.kubectl(['create', '-f', '-'], {
    apiVersion: 'acceleration.dev/v1alpha1',
    kind: 'SidecarAcceleration',
    metadata: { name: 'default' },
    spec: { mode: 'Off' },
  });
  await waitFor('the DaemonSet of the next resource', () => bench.get('ds', daemonSet, '-n', namespace));
  const order = await one.ordered('of the next resource', ({ remove, mode }) => !remove && mode === 'Off');
  expect(order.revision).toBeGreaterThan(removal);
});

it('names the nodes that have not reported, and removes the finalizer without them after a minute', async () => {
  await bench.daemonSetOf(2);
  await two.close();
  await bench.kubectl(['delete', 'sca', 'default', '--wait=false']);
  await one.ordered('to remove', ({ remove }) => remove);
  await bench.controller.logged(/waiting for node2/);
  await waitFor('the resource to go', async () => (await bench.get('sca')).items.length === 0, { timeoutMs: 100_000, everyMs: 1000 });
  await bench.controller.logged(/gave up waiting for node2/);
});

it('was never refused anything: the chart grants what it needs', () => {
  expect(bench.controller.log.filter(({ message }) => /\b403\b|[Ff]orbidden/.test(message))).toEqual([]);
});
