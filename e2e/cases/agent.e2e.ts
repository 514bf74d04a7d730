// The real agent on a real node: containerd, kernel and TLS channel; only the controller is the test. Needs root and BPF.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream, existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { cgroup2Mount } from '../../operator/agent/cgroup';
import { controllerName } from '../../operator/api';
import type { AgentSession, Hello, Order, Report, Watched } from '../../operator/protocol';
import { TestChannel } from '../../operator/protocol/channel.testing';
import { freePort } from '../support/freePort';
import { type RuntimeNode, startRuntimeNode } from '../support/runtimeNode';
import { waitFor } from '../support/waitFor';
import { run } from '../tools/command';
import { checkout } from '../tools/paths';

const pins = '/sys/fs/bpf/sidecar-acceleration/node';
const anOrder: Order = {
  revision: 1, mode: 'Accelerate', paths: ['PodLocal', 'NodeLocal'], maxConnections: 1000, spillBytes: 1_048_576,
  namespaces: ['shop'], podSelector: {}, remove: false,
};

const cgroup2 = cgroup2Mount(readFileSync('/proc/self/mountinfo', 'utf8')) ?? '/sys/fs/cgroup';

let channel: TestChannel;
let node: RuntimeNode;
let session: AgentSession<string> | undefined;
let hello: Hello | undefined;
let report: Report | undefined;
let watched: Watched | undefined;
let environment: NodeJS.ProcessEnv;
let agent: ChildProcess | undefined;

beforeAll(async () => {
  channel = new TestChannel();
  node = await startRuntimeNode(`agent-${process.pid}`);
  const controller = await channel.serve({
    tls: channel.authority.issue(controllerName),
    onStream: (opened) => {
      session = opened;
      ({ hello } = opened);
      return { onReport: (latest) => { report = latest; }, onWatched: (answer) => { watched = answer; }, onClose: () => { session = undefined; } };
    },
  });
  environment = {
    ...process.env, NODE_NAME: 'node', CONTROLLER_ADDRESS: `127.0.0.1:${controller.port}`, CRI_SOCKET: '/run/containerd/containerd.sock',
    PINS: pins, OBJECT: join(checkout, 'build/ebpf/datapath.bpf.o'), CA_FILE: channel.path('ca.crt'), TOKEN_FILE: channel.path('token'),
    LOG_LEVEL: 'debug', HEALTH_PORT: String(await freePort()),
  };
});

afterAll(async () => {
  await end('SIGKILL');
  await channel.end();
  await node?.stop();
});

/** The command line of the agent in the node's mounts and processes, but on this machine's network, where the test listens. */
const inNode = (...args: string[]): string[] => [
  '-t', String(node.machine.first.pid), '-m', '-p', `--wd=${checkout}`, '--', process.execPath, '-r', join(checkout, 'node_modules/ts-node/register/transpile-only'),
  join(checkout, 'operator/agent/main.ts'), ...args,
];

async function start(): Promise<void> {
  session = undefined;
  report = undefined;
  agent = spawn('nsenter', inNode(), { stdio: ['ignore', 'pipe', 'pipe'], env: environment });
  const log = createWriteStream(channel.path('agent.log'), { flags: 'a' });
  agent.stdout?.pipe(log);
  agent.stderr?.pipe(log);
  try {
    await waitFor('the agent to connect and report', () => session !== undefined && report !== undefined, { timeoutMs: 20_000 });
  } catch (error) {
    throw new Error(`${(error as Error).message}; its log: ${readFileSync(channel.path('agent.log'), 'utf8').slice(-3000)}`, { cause: error });
  }
}

/** nsenter forks to enter the processes' namespace, so the agent is its child. */
async function end(signal: NodeJS.Signals): Promise<number | null> {
  if (agent?.pid === undefined || agent.exitCode !== null) return null;
  const exit = once(agent, 'exit') as Promise<[number | null]>;
  const child = Number(readFileSync(`/proc/${agent.pid}/task/${agent.pid}/children`, 'utf8').trim());
  process.kill(child, signal);
  const [code] = await exit;
  agent = undefined;
  return code;
}

const reported = (what: string, holds: (latest: Report) => boolean): Promise<unknown> =>
  waitFor(`a report of ${what}`, () => report !== undefined && holds(report), { timeoutMs: 20_000, everyMs: 50 }).catch((error: unknown) => {
    throw new Error(`${(error as Error).message}; the last report: ${JSON.stringify(report)}`);
  });

function pinned(): string[] {
  const folder = join(node.root, pins);
  return existsSync(folder) ? readdirSync(folder) : [];
}

const plan = (namespace: string, name: string) => ({ namespace, name, cgroupParent: `/${node.cgroup}/kubepods/besteffort/pod-${name}` });

/** Programs attached to the node's kubepods directory, as the kernel says. */
async function attached(): Promise<number> {
  const list = await run('bpftool', ['-j', 'cgroup', 'show', join(cgroup2, node.cgroup, 'kubepods')]);
  return list.trim() === '' ? 0 : (JSON.parse(list) as unknown[]).length;
}

test('the agent says who it is, and leaves the node untouched before an order', async () => {
  await node.sandboxes.run(plan('shop', 'cart'));
  await start();
  expect(hello).toMatchObject({ architecture: 'x86_64', mapAbi: expect.any(Number) as number });
  expect(hello?.mapAbi).toBeGreaterThan(0);
  expect(report).toMatchObject({ appliedOrder: 0, released: false });
  expect(pinned()).toEqual([]);
  expect(await attached()).toBe(0);
});

test('an order is in force within a second, and the selected pod is reported', async () => {
  session?.send(anOrder);
  await reported('the order', ({ appliedOrder }) => appliedOrder === 1);
  expect(report).toMatchObject({ problems: [], namespaces: [{ name: 'shop', podsSelected: 1, podsAccelerated: 1 }] });
  expect(pinned()).toHaveLength(1);
  expect(await attached()).toBe(1);
});

test('pods that come and go are followed', async () => {
  const id = await node.sandboxes.run(plan('shop', 'web'));
  await node.sandboxes.run(plan('bank', 'vault'));
  await reported('two pods', ({ namespaces }) => namespaces.find(({ name }) => name === 'shop')?.podsAccelerated === 2);
  expect(report?.namespaces.map(({ name }) => name)).toEqual(['shop']);
  await node.sandboxes.stop(id);
  await reported('one pod', ({ namespaces }) => namespaces.find(({ name }) => name === 'shop')?.podsAccelerated === 1);
});

test('the original-destination map is printed by the subcommand', async () => {
  expect(JSON.parse(await run('nsenter', inNode('connections', '-o', 'json')))).toEqual([]);
  expect(await run('nsenter', inNode('connections'))).toMatch(/^NAMESPACE +PATH/);
});

test('the connections of a pod are told to who asks by the channel', async () => {
  session?.watch({ id: 1, namespace: 'shop', pod: '', limit: 10, events: false, cancel: false });
  await waitFor('an answer', () => watched !== undefined);
  expect(watched).toMatchObject({ id: 1, last: true, problem: '', pods: [{ namespace: 'shop', name: 'cart', open: 0, accelerated: 0 }], connections: [] });
});

test('health and metrics are served', async () => {
  const port = environment['HEALTH_PORT'];
  expect((await fetch(`http://127.0.0.1:${port}/readyz`)).status).toBe(200);
  expect(await (await fetch(`http://127.0.0.1:${port}/metrics`)).text()).toContain('sidecar_acceleration_agent_pods_accelerated{namespace="shop"} 1');
});

test.each(['SIGTERM', 'SIGKILL'] as const)('after %s the kernel goes on, and the next agent takes over what is pinned', async (signal) => {
  const code = await end(signal);
  if (signal === 'SIGTERM') expect(code).toBe(0);
  expect(pinned()).toHaveLength(1);
  expect(await attached()).toBe(1);
  await start();
  expect(report).toMatchObject({ appliedOrder: 0, problems: [] });
  expect(await attached()).toBe(1);
  session?.send({ ...anOrder, revision: 10 });
  await reported('the order', ({ appliedOrder }) => appliedOrder === 10);
});

test('a runtime that is gone is a problem that says what to do, and passes', async () => {
  await node.killRuntime();
  await reported('the problem', ({ problems }) => problems.some(({ reason }) => reason === 'NoCriSocket'));
  expect(report?.problems[0]?.message).toContain('spec.agent.criSocket');
  await node.startRuntime();
  await reported('no problem', ({ problems }) => problems.length === 0);
  expect(report?.namespaces).toMatchObject([{ name: 'shop', podsAccelerated: 1 }]);
});

test('an order to remove leaves nothing pinned or attached, and a later order opens everything again', async () => {
  session?.send({ ...anOrder, revision: 20, remove: true });
  await reported('the release', ({ released, appliedOrder }) => released && appliedOrder === 20);
  expect(pinned()).toEqual([]);
  expect(await attached()).toBe(0);
  session?.send({ ...anOrder, revision: 21 });
  await reported('the order', ({ released, appliedOrder }) => !released && appliedOrder === 21);
  expect(pinned()).toHaveLength(1);
  session?.send({ ...anOrder, revision: 22, remove: true });
  await reported('the release', ({ released, appliedOrder }) => released && appliedOrder === 22);
});

test('a pin directory that is not understood is a problem that names it, and nothing is attached', async () => {
  await node.machine.run('mkdir', ['-p', join(pins, 'somebody-else')]);
  session?.send({ ...anOrder, revision: 30 });
  await reported('the problem', ({ problems }) => problems.some(({ reason }) => reason === 'StalePins'));
  expect(report?.problems[0]?.message).toContain('somebody-else');
  expect(await attached()).toBe(0);
  await node.machine.run('rmdir', [join(pins, 'somebody-else')]);
  await reported('the order', ({ appliedOrder }) => appliedOrder === 30);
});
