// The real agent on a real node: how it handles orders, pods, signals and problems. Needs root and BPF.
import { join } from 'node:path';
import { askedOf, published } from './metrics/metricNames';
import { agentPins, orderForShop, RealAgent } from '../../stand/agent/realAgent';
import { waitFor } from '../../stand/support/waitFor';

let agent: RealAgent;

beforeAll(async () => {
  agent = await RealAgent.prepare(`agent-${process.pid}`);
});

afterAll(() => agent?.stop());

test('the agent sends its hello, and pins and attaches nothing before the first order', async () => {
  await agent.pod('shop', 'cart');
  await agent.start();
  expect(agent.hello).toMatchObject({ architecture: 'x86_64', mapAbi: expect.any(Number) as number });
  expect(agent.hello?.mapAbi).toBeGreaterThan(0);
  expect(agent.report).toMatchObject({ appliedOrder: 0, released: false });
  expect(agent.pinned()).toEqual([]);
  expect(await agent.attached()).toBe(0);
});

test('the agent reports that an order is applied, with the selected pod', async () => {
  agent.session?.send(orderForShop);
  await agent.reported('the order', ({ appliedOrder }) => appliedOrder === 1);
  expect(agent.report).toMatchObject({ problems: [], namespaces: [{ name: 'shop', podsSelected: 1, podsAccelerated: 1 }] });
  expect(agent.pinned()).toHaveLength(1);
  expect(await agent.attached()).toBe(2);
});

test('the agent reports selected pods that start and stop', async () => {
  const id = await agent.pod('shop', 'web');
  await agent.pod('bank', 'vault');
  await agent.reported('two pods', ({ namespaces }) => namespaces.find(({ name }) => name === 'shop')?.podsAccelerated === 2);
  expect(agent.report?.namespaces.map(({ name }) => name)).toEqual(['shop']);
  await agent.node.sandboxes.stop(id);
  await agent.reported('one pod', ({ namespaces }) => namespaces.find(({ name }) => name === 'shop')?.podsAccelerated === 1);
});

test('the subcommand connections lists the joined connections, of which there are none', async () => {
  expect(JSON.parse(await agent.ask('connections', '-o', 'json'))).toEqual([]);
  expect(await agent.ask('connections')).toMatch(/^NAMESPACE +PATH/);
});

test('the agent answers a question for live data on the channel', async () => {
  agent.session?.watch({ id: 1, namespace: 'shop', pod: '', limit: 10, events: false, cancel: false });
  await waitFor('an answer', () => agent.watched !== undefined);
  expect(agent.watched).toMatchObject({
    id: 1,
    last: true,
    problem: '',
    pods: [{ namespace: 'shop', name: 'cart', open: 0, accelerated: 0 }],
    connections: [],
  });
});

test('the agent serves its readiness and every metric that dashboard and alerts ask for', async () => {
  expect((await agent.get('/readyz')).status).toBe(200);
  const metrics = await (await agent.get('/metrics')).text();
  expect(metrics).toContain('sidecar_acceleration_agent_pods_accelerated{namespace="shop"} 1');
  expect(published(metrics)).toEqual(expect.arrayContaining(askedOf('agent')));
});

test.each(['SIGTERM', 'SIGKILL'] as const)('after %s the programs stay pinned and attached, and the next agent takes them over', async (signal) => {
  const code = await agent.end(signal);
  if (signal === 'SIGTERM') expect(code).toBe(0);
  expect(agent.pinned()).toHaveLength(1);
  expect(await agent.attached()).toBe(2);
  await agent.start();
  expect(agent.report).toMatchObject({ appliedOrder: 0, problems: [] });
  expect(await agent.attached()).toBe(2);
  agent.session?.send({ ...orderForShop, revision: 10 });
  await agent.reported('the order', ({ appliedOrder }) => appliedOrder === 10);
});

test('the agent reports a problem while the container runtime does not run, and the problem passes when it runs again', async () => {
  await agent.node.killRuntime();
  await agent.reported('the problem', ({ problems }) => problems.some(({ reason }) => reason === 'NoCriSocket'));
  expect(agent.report?.problems[0]?.message).toContain('spec.agent.criSocket');
  await agent.node.startRuntime();
  await agent.reported('no problem', ({ problems }) => problems.length === 0);
  expect(agent.report?.namespaces).toMatchObject([{ name: 'shop', podsAccelerated: 1 }]);
});

test('an order to remove leaves nothing pinned or attached, and a later order opens everything again', async () => {
  agent.session?.send({ ...orderForShop, revision: 20, remove: true });
  await agent.reported('the release', ({ released, appliedOrder }) => released && appliedOrder === 20);
  expect(agent.pinned()).toEqual([]);
  expect(await agent.attached()).toBe(0);
  agent.session?.send({ ...orderForShop, revision: 21 });
  await agent.reported('the order', ({ released, appliedOrder }) => !released && appliedOrder === 21);
  expect(agent.pinned()).toHaveLength(1);
  agent.session?.send({ ...orderForShop, revision: 22, remove: true });
  await agent.reported('the release', ({ released, appliedOrder }) => released && appliedOrder === 22);
});

test('an unknown entry in the pin directory is a problem that names it, and nothing is attached', async () => {
  await agent.node.machine.run('mkdir', ['-p', join(agentPins, 'somebody-else')]);
  agent.session?.send({ ...orderForShop, revision: 30 });
  await agent.reported('the problem', ({ problems }) => problems.some(({ reason }) => reason === 'StalePins'));
  expect(agent.report?.problems[0]?.message).toContain('somebody-else');
  expect(await agent.attached()).toBe(0);
  await agent.node.machine.run('rmdir', [join(agentPins, 'somebody-else')]);
  await agent.reported('the order', ({ appliedOrder }) => appliedOrder === 30);
});
