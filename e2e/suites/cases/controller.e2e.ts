// The real controller on a real API server, with the rights of the chart. Agents use the real channel and have no kernel; no node runs.
import { askedOf, published } from './metrics/metricNames';
import { ControllerBench, daemonSet } from '../../stand/api/controllerBench';
import { channelService, namespace } from '../../stand/api/controllerProcess';
import { agentPod, emptyReport, namespaceReport, type TestAgent } from '../../stand/api/testAgent';
import { waitFor } from '../../stand/support/waitFor';

let bench: ControllerBench;
let one: TestAgent;
let two: TestAgent;

beforeAll(async () => {
  bench = await ControllerBench.start();
});

afterAll(() => bench?.stop());

it('is ready and makes nothing while there is no resource', async () => {
  expect((await bench.controller.get('/healthz')).status).toBe(200);
  expect((await bench.get('ds', '-n', namespace)).items).toEqual([]);
});

describe('when the resource is applied', () => {
  beforeAll(async () => {
    await bench.applyResource();
  });

  it('renders the DaemonSet of the agents, owned by the resource, with the controller’s address and no token for the API server', async () => {
    const { metadata, spec } = await bench.get('ds', daemonSet, '-n', namespace);
    const { uid, finalizers } = (await bench.resource()).metadata;
    expect(finalizers).toEqual(['acceleration.dev/drain']);
    expect(metadata.ownerReferences).toMatchObject([{ kind: 'SidecarAcceleration', name: 'default', uid }]);
    expect(spec.updateStrategy).toEqual({ type: 'OnDelete' });
    const pod = spec.template.spec;
    expect(pod).toMatchObject({ hostPID: true, automountServiceAccountToken: false, serviceAccountName: daemonSet });
    const { clusterIP } = (await bench.get('service', channelService, '-n', namespace)).spec;
    expect(pod.containers[0].image).toBe('sidecar-acceleration:test');
    expect(pod.containers[0].env).toContainEqual({ name: 'CONTROLLER_ADDRESS', value: `${clusterIP}:9443` });
  });

  it('publishes itself as the only endpoint of the Service that agents connect to', async () => {
    const { items } = await bench.get('endpointslices', '-n', namespace, '-l', `kubernetes.io/service-name=${channelService}`);
    expect(items).toMatchObject([
      { endpoints: [{ targetRef: { kind: 'Pod', name: bench.controller.name } }], ports: [{ port: bench.controller.ports.grpc }] },
    ]);
  });

  it('makes a ServiceAccount without rights for the agents, and publishes its CA', async () => {
    expect((await bench.endpoint()).ca).toContain('BEGIN CERTIFICATE');
    const can = await bench.server.kubectl([
      'auth',
      'can-i',
      '--list',
      `--as=system:serviceaccount:${namespace}:${daemonSet}`,
      '--no-headers',
      '-n',
      namespace,
    ]);
    expect(can.stdout).not.toMatch(/\b(secrets|pods|configmaps)\b/);
  });

  it('is Progressing, and not Ready before the DaemonSet has a status', async () => {
    await waitFor('Progressing', async () => (await bench.condition('Progressing'))?.status === 'True', { timeoutMs: 15_000 });
    expect((await bench.condition('Ready'))?.status).not.toBe('True');
  });
});

describe('with an agent on each of two nodes', () => {
  beforeAll(async () => {
    await bench.create(agentPod('agent-1', 'node1'), agentPod('agent-2', 'node2'));
    await bench.daemonSetOf(2);
    const shop = namespaceReport('shop', {
      open: 10,
      accelerated: 8,
      reasons: [{ reason: 'PeerElsewhere', connections: 2 }],
      fastBytes: 1000,
      tcpBytes: 50,
    });
    one = await bench.obedient(await bench.podToken('agent-1'), [shop]);
    two = await bench.obedient(await bench.podToken('agent-2'));
  });

  it('orders the selected namespaces, and never those of the system, its own, or those that opted out', async () => {
    const order = await one.ordered('for shop', ({ namespaces }) => namespaces.length > 0);
    expect(order).toMatchObject({
      mode: 'Accelerate',
      paths: ['PodLocal', 'NodeLocal'],
      namespaces: ['shop'],
      podSelector: {},
      remove: false,
      maxConnections: 65536,
      spillBytes: 1048576,
    });
    expect(await two.ordered('of the same revision', ({ revision }) => revision === order.revision)).toEqual(order);
  });

  it('becomes Ready, and the status has the counts of each namespace', async () => {
    await bench.ready();
    const { status, metadata } = await bench.resource();
    expect(status).toMatchObject({
      observedGeneration: metadata.generation,
      nodes: { desired: 2, ready: 2, unsupported: [] },
      connections: { open: 10, accelerated: 8 },
      bytes: { fast: 1000, tcp: 50 },
      summary: { nodes: '2/2', accelerated: '80%' },
      namespaces: [{ name: 'shop', state: 'Partial', pods: { selected: 1, accelerated: 1 }, reasons: [{ reason: 'PeerElsewhere', connections: 2 }] }],
    });
    expect(await bench.condition('Degraded')).toMatchObject({ status: 'False' });
  });

  it('writes no status while nothing changes', async () => {
    const settled = await waitFor('two looks a few seconds apart at the same version', async () => {
      const before = (await bench.resource()).metadata.resourceVersion;
      // The controller writes at most once a second, so three seconds without a write show that it does not write.
      await new Promise((resolve) => setTimeout(resolve, 3000));
      return before === (await bench.resource()).metadata.resourceVersion && before;
    });
    one.report({
      ...emptyReport,
      appliedOrder: one.order?.revision ?? 0,
      namespaces: [namespaceReport('shop', { open: 10, accelerated: 10, fastBytes: 5000, tcpBytes: 50 })],
    });
    await waitFor('the change in status', async () => (await bench.resource()).status?.namespaces?.[0]?.state === 'Accelerated', { timeoutMs: 5000 });
    expect((await bench.resource()).metadata.resourceVersion).not.toBe(settled);
  });

  it('sends a new order on open streams when a namespace becomes selected', async () => {
    const before = one.order?.revision ?? 0;
    await bench.kubectl(['label', 'namespace', 'plain', 'mesh=on']);
    const order = await one.ordered('with plain', ({ namespaces }) => namespaces.includes('plain'));
    expect(order.namespaces).toEqual(['plain', 'shop']);
    expect(order.revision).toBeGreaterThan(before);
  });

  it('sends no order when a change of a namespace does not affect the selection', async () => {
    const before = one.orders.length;
    await bench.kubectl(['label', 'namespace', 'shop', 'colour=blue']);
    await bench.kubectl(['label', 'namespace', 'plain', 'mesh-']);
    await one.ordered('without plain', ({ namespaces }) => !namespaces.includes('plain'));
    expect(one.orders.length).toBe(before + 1);
  });

  it('sends an order for a new mode and new limits, without a rollout', async () => {
    const { generation } = (await bench.get('ds', daemonSet, '-n', namespace)).metadata;
    await bench.change({ spec: { mode: 'Observe', connections: { spillBytes: 65536 } } });
    await one.ordered('to observe', ({ mode, spillBytes }) => mode === 'Observe' && spillBytes === 65536);
    await bench.ready();
    await waitFor('no accelerated connection', async () => (await bench.resource()).status?.connections?.accelerated === 0);
    await bench.change({ spec: { mode: 'Accelerate' } });
    await one.ordered('to accelerate', ({ mode }) => mode === 'Accelerate');
    expect((await bench.get('ds', daemonSet, '-n', namespace)).metadata.generation).toBe(generation);
  });

  it('reverts a change that another client made in the DaemonSet', async () => {
    await bench.kubectl(['patch', 'ds', daemonSet, '-n', namespace, '--type=merge', '-p', '{"spec":{"template":{"spec":{"hostPID":false}}}}']);
    await waitFor('hostPID to be back', async () => (await bench.get('ds', daemonSet, '-n', namespace)).spec.template.spec.hostPID === true);
    await bench.daemonSetOf(2);
  });

  it('turns a node problem into a Degraded reason that names the node and says what to do', async () => {
    two.report({
      ...emptyReport,
      problems: [{ reason: 'NoBtf', message: 'no /sys/kernel/btf/vmlinux; use a kernel built with CONFIG_DEBUG_INFO_BTF=y' }],
    });
    const degraded = await waitFor('Degraded', async () => {
      const found = await bench.condition('Degraded');
      return found?.status === 'True' ? found : undefined;
    });
    expect(degraded.reason).toMatch(/NoBtf/);
    expect(degraded.message).toMatch(/CONFIG_DEBUG_INFO_BTF/);
    expect((await bench.resource()).status?.nodes).toMatchObject({
      desired: 2,
      ready: 1,
      unsupported: [{ reason: 'NoBtf', nodes: 1, examples: ['node2'] }],
    });
    two.report({ ...emptyReport, appliedOrder: two.order?.revision ?? 0 });
    await bench.ready();
  });
});

it('publishes every metric of its own that dashboard and alerts ask for', async () => {
  const { status, text } = await bench.controller.get('/metrics');
  expect(status).toBe(200);
  expect(published(text)).toEqual(expect.arrayContaining(askedOf('controller')));
});

it('was never refused anything: the chart grants what it needs', () => {
  expect(bench.controller.log.filter(({ message }) => /\b403\b|[Ff]orbidden/.test(message))).toEqual([]);
});
