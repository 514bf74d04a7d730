import { randomUUID } from 'node:crypto';
import { createLogger, transports } from 'winston';
import { controllerName } from '../api';
import type { AgentServer, AgentSession, Order, Report, Watched } from '../protocol';
import { TestChannel } from '../protocol/channel.testing';
import type { Journal } from '../protocol/journal.testing';
import { type Agent, startAgent } from './agent';
import { ScriptedRuntime } from './cri/runtime.testing';
import { FakeDatapath } from './datapath.testing';
import { ScriptedHost } from './host.testing';
import { endWith } from './live/ends.testing';

const log = createLogger({ transports: [new transports.Console({ silent: true })] });
const anOrder: Order = {
  revision: 1,
  mode: 'Accelerate',
  paths: ['PodLocal'],
  maxConnections: 10,
  spillBytes: 4096,
  namespaces: ['shop'],
  podSelector: {},
  remove: false,
  reportSeconds: 1,
};

let channel: TestChannel;
let journal: Journal;
let runtime: ScriptedRuntime;
let host: ScriptedHost;
let datapath: FakeDatapath;
let controller: AgentServer;
let session: AgentSession<string> | undefined;
let agent: Agent;

const summary = ({ appliedOrder, released, problems, namespaces }: Report): string =>
  `report ${appliedOrder} ${released ? 'released' : 'held'} [${problems.map(({ reason }) => reason).join()}] ${namespaces.map(({ name, podsAccelerated }) => `${name}:${podsAccelerated}`).join()}`;

const answer = ({ id, pods, connections, events }: Watched): string =>
  `watched ${id} ${connections.length} of ${pods.reduce((sum, { open }) => sum + open, 0)} ${events.map(({ type, connection }) => `${type} ${connection.id}`).join(', ')}`.trim();

beforeEach(async () => {
  channel = new TestChannel();
  ({ journal } = channel);
  host = new ScriptedHost();
  datapath = new FakeDatapath();
  runtime = new ScriptedRuntime(channel.path('runtime.sock'));
  runtime.sandboxes.set('a', { id: 'a', namespace: 'shop', ip: '10.0.0.1', pid: 11 });
  controller = await channel.serve({
    tls: channel.authority.issue(controllerName),
    onStream: (opened) => {
      session = opened;
      journal.add(`hello ${opened.hello.mapAbi}`);
      return {
        onReport: (report) => journal.add(summary(report)),
        onWatched: (watched) => journal.add(answer(watched)),
        onClose: (reason) => journal.add(`closed ${reason}`),
      };
    },
  });
});

afterEach(async () => {
  await agent.close();
  await channel.end();
  runtime.stop();
});

async function start(): Promise<void> {
  agent = await startAgent({
    environment: {
      node: 'node1',
      controllerAddress: `127.0.0.1:${controller.port}`,
      criSocket: runtime.socket,
      hostRoot: '/',
      pins: '/sys/fs/bpf/p',
      object: '/object',
      caFile: channel.path('ca.crt'),
      tokenFile: channel.path('token'),
      logLevel: 'error',
      healthPort: 0,
      inspector: `\0agent-test-${randomUUID()}`,
    },
    log,
    leftovers: { switchOff: () => undefined, release: () => undefined },
    openDatapath: () => {
      host.pinned.push('v1');
      return datapath;
    },
    mapAbi: 3,
    warnings: () => 0,
    onDefect: (error) => journal.add(`defect ${String(error)}`),
    host,
    netnsOf: (pid) => (pid === 11 ? 1011 : 1),
  });
}

/** Calls of the datapath because of orders, without those that watch readers, which depend on time. */
const ordered = (): string[] => datapath.told.filter((what) => !what.endsWith('readers') && !what.startsWith('leave readers'));

const ready = async (): Promise<number> => (await fetch(`http://127.0.0.1:${agent.healthPort}/readyz`)).status;

test('an order and an order to remove are applied to the kernel and reported', async () => {
  await runtime.start();
  await start();
  expect(await journal.until(/^hello/)).toBe('hello 3');
  expect(await ready()).toBe(503);
  session?.send(anOrder);
  await journal.until(/^report 1 held \[\] shop:1$/);
  expect(ordered()).toEqual(['configure Accelerate', 'select 1011 beside']);
  expect(await ready()).toBe(200);
  session?.send({ ...anOrder, revision: 2, remove: true });
  await journal.until(/^report 2 released \[\]/);
  expect(ordered().slice(2)).toEqual(['configure Off', 'release']);
});

test('watches of the controller are answered with a list of connections and with their events', async () => {
  await runtime.start();
  await start();
  await journal.until(/^hello/);
  session?.send(anOrder);
  await journal.until(/shop:1$/);
  datapath.ends.set(1011, [endWith({ cookie: 1n })]);
  session?.watch({ id: 7, namespace: 'shop', pod: '', limit: 10, events: false, cancel: false });
  expect(await journal.until(/^watched 7/)).toBe('watched 7 1 of 1');
  session?.watch({ id: 8, namespace: 'shop', pod: '', limit: 0, events: true, cancel: false });
  await journal.until(/^watched 8/);
  datapath.ends.set(1011, [endWith({ cookie: 2n, state: 'Accelerated' })]);
  expect(await journal.until(/^watched 8 .*Closed/)).toBe('watched 8 0 of 0 Closed 1, Opened 2, Paired 2');
});

test('the event of a stopped pod removes it from the selection', async () => {
  await runtime.start();
  await start();
  await journal.until(/^hello/);
  session?.send(anOrder);
  await journal.until(/shop:1$/);
  runtime.sandboxes.delete('a');
  runtime.event('a', 'CONTAINER_STOPPED_EVENT');
  await journal.until(/^report 1 held \[\] $/);
  expect(datapath.told.at(-1)).toBe('select  beside');
});

test('a missing runtime socket is reported, and the order is applied when the socket appears', async () => {
  await start();
  await journal.until(/^hello/);
  session?.send(anOrder);
  await journal.until(/\[NoCriSocket\]/);
  expect(await ready()).toBe(200);
  await runtime.start();
  await journal.until(/^report 1 held \[\] shop:1$/);
}, 20_000);

test('the problem of a node that cannot accelerate is reported, and the agent is ready', async () => {
  host.release = '4.19.0';
  await runtime.start();
  await start();
  await journal.until(/^report 0 held \[KernelTooOld\]/);
  expect(await ready()).toBe(200);
  expect(datapath.told).toEqual([]);
});

test('an agent that stops changes nothing in the kernel, and the next agent opens the datapath before any order', async () => {
  await runtime.start();
  await start();
  await journal.until(/^hello/);
  session?.send(anOrder);
  await journal.until(/shop:1$/);
  await agent.close();
  expect(datapath.told.at(-1)).toBe('close');
  datapath = new FakeDatapath();
  datapath.counted = { namespaces: [], joinedSockets: 6, drainingSockets: 0 };
  const seen = journal.lines.length;
  await start();
  await journal.until(/^report 0 held/, seen);
  expect(datapath.told).toEqual([]);
  expect(await ready()).toBe(200);
});

test('an unexpected error of the datapath goes to onDefect', async () => {
  await runtime.start();
  datapath.configure = (): void => {
    throw new Error('the map is gone');
  };
  await start();
  await journal.until(/^hello/);
  session?.send(anOrder);
  expect(await journal.until(/^defect/)).toContain('the map is gone');
});
