// The real controller on a real API server, with the rights of the chart and agents that are real up to the kernel. No node runs.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { status as grpcStatus } from '@grpc/grpc-js';
import { maxMessageBytes, type NamespaceReport, type Order, type Report } from '../../operator/protocol';
import { type Condition, sidecarAcceleration, status as statusSchema } from '../../operator/api';
import { type ApiServer, startApiServer } from '../support/apiServer';
import { ControllerProcess, namespace } from '../support/controllerProcess';
import { agentPod, emptyReport, type Endpoint, namespaceReport, requestToken, sayRaw, TestAgent } from '../support/testAgent';
import { waitFor } from '../support/waitFor';
import { attempt } from '../tools/command';
import { checkout } from '../tools/paths';

const daemonSet = 'sidecar-acceleration-agent';
let server: ApiServer;
let directory: string;
let controller: ControllerProcess;
let endpoint: Endpoint;
let one: TestAgent;
let two: TestAgent;
const agents: TestAgent[] = [];

async function kubectl(args: readonly string[], input?: object): Promise<string> {
  const { code, stdout, stderr } = await server.kubectl(args, input === undefined ? undefined : JSON.stringify(input));
  if (code !== 0) throw new Error(`kubectl ${args.join(' ')}: ${stderr.trim()}`);
  return stdout;
}

async function get(...args: string[]) {
  return JSON.parse(await kubectl(['get', ...args, '-o', 'json']));
}

const resource = async () => sidecarAcceleration.parse(await get('sca', 'default'));
const change = (patch: object) => kubectl(['patch', 'sca', 'default', '--type=merge', '-p', JSON.stringify(patch)]);
/** Of the resource as it is stored: its spec may be one that our schema refuses. */
async function condition(type: string): Promise<Condition | undefined> {
  const { status } = await get('sca', 'default');
  return statusSchema.parse(status ?? {}).conditions?.find((each) => each.type === type);
}

function create(...items: object[]): Promise<string> {
  return kubectl(['create', '-f', '-'], { apiVersion: 'v1', kind: 'List', items });
}

const node = (name: string) => ({ apiVersion: 'v1', kind: 'Node', metadata: { name } });
const labelled = (name: string, labels: Record<string, string>) => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels } });

/** What the DaemonSet controller of a cluster with this many nodes would write. */
async function daemonSetOf(nodes: number): Promise<void> {
  const { metadata } = await get('ds', daemonSet, '-n', namespace);
  const status = {
    observedGeneration: metadata.generation, desiredNumberScheduled: nodes, currentNumberScheduled: nodes,
    updatedNumberScheduled: nodes, numberReady: nodes, numberAvailable: nodes, numberMisscheduled: 0,
  };
  await kubectl(['patch', 'ds', daemonSet, '-n', namespace, '--subresource=status', '--type=merge', '-p', JSON.stringify({ status })]);
}

/** An agent that does what it is told, with the given counts. Without Accelerate no pod counts as accelerated, as with a real one. */
function obedient(token: string, namespaces: NamespaceReport[] = []): TestAgent {
  const inMode = ({ mode, remove }: Order): NamespaceReport[] =>
    remove ? [] : namespaces.map((each) => ({ ...each, podsAccelerated: mode === 'Accelerate' ? each.podsAccelerated : 0 }));
  const answer = (order: Order): Report => ({ ...emptyReport, appliedOrder: order.revision, released: order.remove, namespaces: inMode(order) });
  const agent = new TestAgent(endpoint, token, directory, answer);
  agents.push(agent);
  return agent;
}

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'controller-e2e-'));
  server = await startApiServer();
  const chart = join(checkout, 'charts', 'sidecar-acceleration');
  const installed = await attempt(server.tools.path('helm'), ['--kubeconfig', server.kubeconfig, '-n', namespace, 'install', 'test', chart, '--create-namespace'], { timeoutMs: 60_000 });
  if (installed.code !== 0) throw new Error(`installing the chart: ${installed.stderr.trim()}`);
  await kubectl(['wait', '--for=condition=Established', 'crd/sidecaraccelerations.acceleration.dev', '--timeout=30s']);
  await create(
    node('node1'), node('node2'),
    labelled('shop', { mesh: 'on' }), labelled('bank', { mesh: 'on', 'acceleration.dev/mode': 'off' }), labelled('plain', {}),
  );
  await kubectl(['label', 'namespace', 'kube-system', namespace, 'mesh=on']);
  controller = await ControllerProcess.of(server, directory);
  await controller.start();
});

afterAll(async () => {
  await Promise.all(agents.map((agent) => agent.close()));
  await controller?.stop('SIGKILL');
  await server?.stop();
  rmSync(directory, { recursive: true, force: true });
});

it('waits, ready and doing nothing, while there is no resource', async () => {
  expect((await controller.get('/healthz')).status).toBe(200);
  expect((await get('ds', '-n', namespace)).items).toEqual([]);
});

describe('when the resource is applied', () => {
  beforeAll(async () => {
    await kubectl(['apply', '-f', '-'], {
      apiVersion: 'acceleration.dev/v1alpha1', kind: 'SidecarAcceleration', metadata: { name: 'default' },
      spec: { selector: { namespaces: { matchLabels: { mesh: 'on' } } } },
    });
    await waitFor('the DaemonSet', () => get('ds', daemonSet, '-n', namespace)).catch((error: unknown) => {
      throw new Error(`${String(error)}; the controller: ${controller.tail()}`);
    });
  });

  it('renders the agents, owned by the resource, with the controller as their only contact', async () => {
    const { metadata, spec } = await get('ds', daemonSet, '-n', namespace);
    const { uid, finalizers } = (await resource()).metadata;
    expect(finalizers).toEqual(['acceleration.dev/drain']);
    expect(metadata.ownerReferences).toMatchObject([{ kind: 'SidecarAcceleration', name: 'default', uid }]);
    expect(spec.updateStrategy).toEqual({ type: 'RollingUpdate', rollingUpdate: { maxUnavailable: '10%', maxSurge: 0 } });
    const pod = spec.template.spec;
    expect(pod).toMatchObject({ hostPID: true, automountServiceAccountToken: false, serviceAccountName: daemonSet });
    const { clusterIP } = (await get('service', 'sidecar-acceleration-controller', '-n', namespace)).spec;
    expect(pod.containers[0].image).toBe('sidecar-acceleration:test');
    expect(pod.containers[0].env).toContainEqual({ name: 'CONTROLLER_ADDRESS', value: `${clusterIP}:9443` });
  });

  it('gives the agents an identity without rights and publishes the CA', async () => {
    const ca = await waitFor('the CA', async () => (await get('configmap', 'sidecar-acceleration-channel', '-n', namespace)).data['ca.crt'] as string);
    expect(ca).toContain('BEGIN CERTIFICATE');
    endpoint = { port: controller.ports.grpc, ca };
    const can = await server.kubectl(['auth', 'can-i', '--list', `--as=system:serviceaccount:${namespace}:${daemonSet}`, '--no-headers', '-n', namespace]);
    expect(can.stdout).not.toMatch(/\b(secrets|pods|configmaps)\b/);
  });

  it('says that it is on its way, and is not Ready before the DaemonSet knows its nodes', async () => {
    await waitFor('Progressing', async () => (await condition('Progressing'))?.status === 'True', { timeoutMs: 15_000 });
    expect((await condition('Ready'))?.status).not.toBe('True');
  });
});

describe('with an agent on each of two nodes', () => {
  beforeAll(async () => {
    await create(agentPod('agent-1', 'node1'), agentPod('agent-2', 'node2'));
    await daemonSetOf(2);
    const shop = namespaceReport('shop', { open: 10, accelerated: 8, reasons: [{ reason: 'PeerElsewhere', connections: 2 }], fastBytes: 1000, tcpBytes: 50 });
    one = obedient(await requestToken(server, { pod: 'agent-1' }), [shop]);
    two = obedient(await requestToken(server, { pod: 'agent-2' }));
  });

  it('orders the selected namespaces, and never those of the system, its own, or those that opted out', async () => {
    const order = await one.ordered('for shop', ({ namespaces }) => namespaces.length > 0);
    expect(order).toMatchObject({ mode: 'Accelerate', paths: ['PodLocal', 'NodeLocal'], namespaces: ['shop'], podSelector: {}, remove: false, maxConnections: 65536, spillBytes: 1048576 });
    expect(await two.ordered('of the same revision', ({ revision }) => revision === order.revision)).toEqual(order);
  });

  it('becomes Ready, and the status proves it by namespace', async () => {
    await kubectl(['wait', '--for=condition=Ready', 'sca/default', '--timeout=30s']).catch((error: unknown) => {
      throw new Error(`${String(error)}; the controller: ${controller.tail()}`);
    });
    const { status, metadata } = await resource();
    expect(status).toMatchObject({
      observedGeneration: metadata.generation,
      nodes: { desired: 2, ready: 2, unsupported: [] },
      connections: { open: 10, accelerated: 8 },
      bytes: { fast: 1000, tcp: 50 },
      summary: { nodes: '2/2', accelerated: '80%' },
      namespaces: [{ name: 'shop', state: 'Partial', pods: { selected: 1, accelerated: 1 }, reasons: [{ reason: 'PeerElsewhere', connections: 2 }] }],
    });
    expect(await condition('Degraded')).toMatchObject({ status: 'False' });
  });

  it('writes no status while nothing changes', async () => {
    const settled = await waitFor('two looks a few seconds apart at the same version', async () => {
      const before = (await resource()).metadata.resourceVersion;
      // That nothing happens shows only in time: longer than the second between two writes.
      await new Promise((resolve) => setTimeout(resolve, 3000));
      return before === (await resource()).metadata.resourceVersion && before;
    });
    one.report({ ...emptyReport, appliedOrder: one.order?.revision ?? 0, namespaces: [namespaceReport('shop', { open: 10, accelerated: 10, fastBytes: 5000, tcpBytes: 50 })] });
    await waitFor('the change in status', async () => (await resource()).status?.namespaces?.[0]?.state === 'Accelerated', { timeoutMs: 5000 });
    expect((await resource()).metadata.resourceVersion).not.toBe(settled);
  });

  it('sends a new order when a namespace joins, to streams that are open', async () => {
    const before = one.order?.revision ?? 0;
    await kubectl(['label', 'namespace', 'plain', 'mesh=on']);
    const order = await one.ordered('with plain', ({ namespaces }) => namespaces.includes('plain'));
    expect(order.namespaces).toEqual(['plain', 'shop']);
    expect(order.revision).toBeGreaterThan(before);
  });

  it('sends nothing for a namespace change that changes nothing', async () => {
    const before = one.orders.length;
    await kubectl(['label', 'namespace', 'shop', 'colour=blue']);
    await kubectl(['label', 'namespace', 'plain', 'mesh-']);
    await one.ordered('without plain', ({ namespaces }) => !namespaces.includes('plain'));
    expect(one.orders.length).toBe(before + 1);
  });

  it('changes mode and limits by an order, without a rollout', async () => {
    const { generation } = (await get('ds', daemonSet, '-n', namespace)).metadata;
    await change({ spec: { mode: 'Observe', connections: { spillBytes: 65536 } } });
    await one.ordered('to observe', ({ mode, spillBytes }) => mode === 'Observe' && spillBytes === 65536);
    await kubectl(['wait', '--for=condition=Ready', 'sca/default', '--timeout=30s']);
    await waitFor('no accelerated connection', async () => (await resource()).status?.connections?.accelerated === 0);
    await change({ spec: { mode: 'Accelerate' } });
    await one.ordered('to accelerate', ({ mode }) => mode === 'Accelerate');
    expect((await get('ds', daemonSet, '-n', namespace)).metadata.generation).toBe(generation);
  });

  it('puts back what somebody changed in the DaemonSet', async () => {
    await kubectl(['patch', 'ds', daemonSet, '-n', namespace, '--type=merge', '-p', '{"spec":{"template":{"spec":{"hostPID":false}}}}']);
    await waitFor('hostPID to be back', async () => (await get('ds', daemonSet, '-n', namespace)).spec.template.spec.hostPID === true);
    await daemonSetOf(2);
  });

  it('turns a node problem into a Degraded reason that names the node and says what to do', async () => {
    two.report({ ...emptyReport, problems: [{ reason: 'NoBtf', message: 'no /sys/kernel/btf/vmlinux; use a kernel built with CONFIG_DEBUG_INFO_BTF=y' }] });
    const degraded = await waitFor('Degraded', async () => {
      const found = await condition('Degraded');
      return found?.status === 'True' ? found : undefined;
    });
    expect(degraded.reason).toMatch(/NoBtf/);
    expect(degraded.message).toMatch(/CONFIG_DEBUG_INFO_BTF/);
    expect((await resource()).status?.nodes).toMatchObject({ desired: 2, ready: 1, unsupported: [{ reason: 'NoBtf', nodes: 1, examples: ['node2'] }] });
    two.report({ ...emptyReport, appliedOrder: two.order?.revision ?? 0 });
    await kubectl(['wait', '--for=condition=Ready', 'sca/default', '--timeout=30s']);
  });
});

describe('a stranger on the channel', () => {
  let downs: number;

  beforeAll(async () => {
    await create(
      { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'stranger', namespace } },
      agentPod('stranger', 'node2', 'stranger'), agentPod('second-1', 'node1'),
    );
    downs = one.states.filter((state) => state.startsWith('down')).length;
  });

  /** The first agent still gets orders on the stream it has had all the time. */
  afterEach(async () => {
    const spillBytes = 8192 + (one.orders.length % 1000);
    await change({ spec: { connections: { spillBytes } } });
    await one.ordered('after the stranger', (order) => order.spillBytes === spillBytes);
    expect(one.states.filter((state) => state.startsWith('down')).length).toBe(downs);
  });

  it.each([
    ['a token that is none', () => Promise.resolve('nonsense')],
    ['a token of another ServiceAccount', () => requestToken(server, { account: 'stranger', pod: 'stranger' })],
    ['a token for another audience', () => requestToken(server, { audience: 'https://kubernetes.default.svc', pod: 'agent-2' })],
    ['a token that is bound to no pod', () => requestToken(server, {})],
  ])('with %s is refused and logged', async (_what, token) => {
    const already = controller.log.length;
    const agent = obedient(await token());
    expect(await agent.state(/^down/)).toMatch(/UNAUTHENTICATED/);
    await waitFor('the log line', () => controller.log.slice(already).some(({ message }) => /UNAUTHENTICATED/.test(message)));
    expect(agent.orders).toEqual([]);
    await agent.close();
  });

  it('that claims a node which has an agent is refused and logged', async () => {
    const agent = obedient(await requestToken(server, { pod: 'second-1' }));
    expect(await agent.state(/^down/)).toMatch(/node1 already has an agent/);
    await controller.logged(/node1 already has an agent/);
    expect(agent.orders).toEqual([]);
    await agent.close();
  });

  it('that sends an oversized message is cut off and logged', async () => {
    const already = controller.log.length;
    const end = await sayRaw(endpoint, await requestToken(server, { pod: 'agent-2' }), Buffer.alloc(maxMessageBytes + 1024));
    expect(end.code).toBe(grpcStatus.RESOURCE_EXHAUSTED);
    await waitFor('the log line', () => controller.log.slice(already).some(({ message }) => /RESOURCE_EXHAUSTED/.test(message)));
  });

  it('that sends a malformed message is cut off and logged', async () => {
    const already = controller.log.length;
    const end = await sayRaw(endpoint, await requestToken(server, { pod: 'agent-2' }), Buffer.from([0xff, 0xff, 0xff, 0x01, 0x02]));
    expect(end.code).toBe(grpcStatus.INVALID_ARGUMENT);
    await waitFor('the log line', () => controller.log.slice(already).some(({ message }) => /malformed/.test(message)));
  });
});

describe('when an agent is replaced', () => {
  it('a new stream of the same pod takes the place of the old one', async () => {
    const again = obedient(await requestToken(server, { pod: 'agent-2' }), []);
    await two.state(/^down .*(speaks for node|ABORTED)/);
    await two.close();
    two = again;
    await again.ordered('for the new stream', () => true);
  });

  it('a new pod takes the node once the old pod is deleted', async () => {
    await kubectl(['delete', 'pod', 'agent-2', '-n', namespace, '--force', '--grace-period=0']);
    await create(agentPod('agent-2b', 'node2'));
    const next = obedient(await requestToken(server, { pod: 'agent-2b' }));
    await next.ordered('for the new pod', () => true);
    await two.close();
    two = next;
    await kubectl(['wait', '--for=condition=Ready', 'sca/default', '--timeout=30s']);
  });
});

describe('when the controller dies', () => {
  it('the next one speaks with the same CA, its orders are newer or the same, and bytes do not go back', async () => {
    const { data } = await get('configmap', 'sidecar-acceleration-channel', '-n', namespace);
    one.report({ ...emptyReport, appliedOrder: one.order?.revision ?? 0, namespaces: [namespaceReport('shop', { open: 10, accelerated: 10, fastBytes: 9000, tcpBytes: 50 })] });
    await waitFor('the bytes in status', async () => (await resource()).status?.bytes?.fast === 9000);
    const before = one.order?.revision ?? 0;
    const orders = one.orders.length;
    await controller.stop('SIGKILL');
    await controller.start();
    // The lease of a killed leader has to run out first.
    await waitFor('an order of the new controller', () => one.orders.length > orders, { timeoutMs: 60_000 });
    expect(one.order?.revision).toBeGreaterThanOrEqual(before);
    expect((await get('configmap', 'sidecar-acceleration-channel', '-n', namespace)).data).toEqual(data);
    expect((await resource()).status?.bytes?.fast).toBeGreaterThanOrEqual(9000);
    await kubectl(['wait', '--for=condition=Ready', 'sca/default', '--timeout=60s']);
  });

  it('SIGTERM ends it with 0, and the next leads without waiting for the lease', async () => {
    expect(await controller.stop('SIGTERM')).toBe(0);
    const orders = one.orders.length;
    await controller.start();
    await waitFor('an order of the new controller', () => one.orders.length > orders, { timeoutMs: 10_000 });
  });
});

it('does nothing on a spec that only an older CRD let through, and says so', async () => {
  const path = '/spec/versions/0/schema/openAPIV3Schema/properties/spec/properties/connections/properties/spillBytes/maximum';
  const before = one.orders.length;
  await kubectl(['patch', 'crd', 'sidecaraccelerations.acceleration.dev', '--type=json', '-p', JSON.stringify([{ op: 'remove', path }])]);
  await waitFor('the laxer CRD', () => change({ spec: { connections: { spillBytes: 2 ** 31 } } }));
  await waitFor('Degraded', async () => (await condition('Degraded'))?.reason === 'InvalidSpec');
  expect((await condition('Degraded'))?.message).toMatch(/spillBytes/);
  expect(one.orders.length).toBe(before);
  // What is accelerated goes on, so the proof of it stays.
  expect((await get('sca', 'default')).status).toMatchObject({ nodes: { desired: 2 }, namespaces: [{ name: 'shop' }] });
  await change({ spec: { connections: { spillBytes: 1048576 } } });
  await kubectl(['wait', '--for=condition=Ready', 'sca/default', '--timeout=30s']);
});

it('counts what it does', async () => {
  const { status, text } = await controller.get('/metrics');
  expect(status).toBe(200);
  expect(text).toMatch(/reconcile/);
});

it('drains every agent before it lets the resource go, leaves nothing, and starts anew with the next resource', async () => {
  const deleting = kubectl(['delete', 'sca', 'default', '--wait=true', '--timeout=50s']);
  await one.ordered('to remove', ({ remove }) => remove);
  await two.ordered('to remove', ({ remove }) => remove);
  await deleting;
  await controller.logged(/everything is given back/);
  for (const [kind, name] of [['ds', daemonSet], ['service', daemonSet], ['serviceaccount', daemonSet], ['configmap', 'sidecar-acceleration-channel']] as const) {
    const found = await server.kubectl(['get', kind, name, '-n', namespace, '--ignore-not-found', '-o', 'name']);
    expect(found.stdout).toBe('');
  }
  // A late write of the controller must not bring the resource back.
  expect((await get('sca')).items).toEqual([]);
  const removal = one.order?.revision ?? 0;
  await kubectl(['create', '-f', '-'], { apiVersion: 'acceleration.dev/v1alpha1', kind: 'SidecarAcceleration', metadata: { name: 'default' }, spec: { mode: 'Off' } });
  await waitFor('the DaemonSet of the next resource', () => get('ds', daemonSet, '-n', namespace));
  const order = await one.ordered('of the next resource', ({ remove, mode }) => !remove && mode === 'Off');
  expect(order.revision).toBeGreaterThan(removal);
});

it('names the nodes that nobody heard of, and lets the resource go without them after a minute', async () => {
  await daemonSetOf(2);
  await two.close();
  await kubectl(['delete', 'sca', 'default', '--wait=false']);
  await one.ordered('to remove', ({ remove }) => remove);
  await controller.logged(/waiting for node2/);
  await waitFor('the resource to go', async () => (await get('sca')).items.length === 0, { timeoutMs: 100_000, everyMs: 1000 });
  await controller.logged(/gave up waiting for node2/);
});

it('was never refused anything: the chart grants what it needs', () => {
  expect(controller.log.filter(({ message }) => /\b403\b|[Ff]orbidden/.test(message))).toEqual([]);
});
