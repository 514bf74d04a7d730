import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, credentials, Metadata, type StatusObject, status } from '@grpc/grpc-js';
import { Backoff } from './backoff';
import { type TestAuthority, testAuthority } from './certificates.testing';
import { type AgentClient, type AgentClientOptions, connectAgent } from './client';
import { Journal } from './journal.testing';
import type { FromAgent, Hello, Order, Report } from './messages';
import { type AgentServer, serveAgents, type ServeOptions } from './server';
import { type AgentSession, NotAuthenticated, Refused, type StreamLimits } from './session';
import { connectPath, encodeFromAgent, maxMessageBytes } from './wire';

const serverName = 'controller.test';
const hello: Hello = { agentVersion: '1', kernel: '6.18', architecture: 'x86_64', mapAbi: 1 };
const anOrder: Order = {
  revision: 1, mode: 'Observe', paths: ['NodeLocal'], maxConnections: 10, spillBytes: 4096,
  namespaces: ['shop'], podSelector: {}, remove: false,
};
const reportOf = (appliedOrder: number): Report => ({
  appliedOrder, released: false, problems: [], namespaces: [], joinedSockets: 0, drainingSockets: 0,
});

let directory: string;
let authority: TestAuthority;
let journal: Journal;
let sessions: AgentSession<string>[];
const servers: AgentServer[] = [];
const agents: AgentClient[] = [];
const rawClients: Client[] = [];

beforeAll(() => {
  authority = testAuthority();
});

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'channel-'));
  writeFileSync(join(directory, 'ca.crt'), authority.ca);
  writeFileSync(join(directory, 'token'), 'good\n');
  journal = new Journal();
  sessions = [];
});

afterEach(async () => {
  await Promise.all(agents.splice(0).map((agent) => agent.close()));
  for (const client of rawClients.splice(0)) client.close();
  await Promise.all(servers.splice(0).map((server) => server.close()));
  rmSync(directory, { recursive: true });
});

async function serve(extra: Partial<ServeOptions<string>> = {}, limits: Partial<StreamLimits> = {}): Promise<AgentServer> {
  const server = await serveAgents<string>({
    address: '127.0.0.1:0',
    tls: authority.issue(serverName),
    authenticate: (token) =>
      token.startsWith('good') ? Promise.resolve(`identity of ${token}`) : Promise.reject(new NotAuthenticated('the token is wrong')),
    onStream: (session) => {
      sessions.push(session);
      journal.add(`open ${session.identity}`);
      return {
        onReport: ({ appliedOrder }) => journal.add(`report ${appliedOrder}`),
        onClose: (reason) => journal.add(`closed ${reason}`),
      };
    },
    onRefused: (problem) => journal.add(`refused ${problem}`),
    limits: { messageIntervalMs: 0, ...limits },
    ...extra,
  });
  servers.push(server);
  return server;
}

function agent(port: number, extra: Partial<AgentClientOptions> = {}): AgentClient {
  const client = connectAgent({
    address: `127.0.0.1:${port}`,
    caFile: join(directory, 'ca.crt'),
    tokenFile: join(directory, 'token'),
    serverName,
    hello: () => hello,
    onOrder: (order) => journal.add(`order ${order.revision}`),
    onState: (connected, reason) => journal.add(`${connected ? 'up' : 'down'} ${reason}`),
    onDefect: (error) => journal.add(`defect ${String(error)}`),
    backoff: new Backoff({ minMs: 20, maxMs: 100, random: Math.random }),
    ...extra,
  });
  agents.push(client);
  return client;
}

/** A client that says what it likes. */
function rawStream(port: number, token = 'good'): { say(bytes: Buffer): void; ended: Promise<StatusObject> } {
  const client = new Client(`127.0.0.1:${port}`, credentials.createSsl(Buffer.from(authority.ca)), {
    'grpc.ssl_target_name_override': serverName,
    'grpc.use_local_subchannel_pool': 1,
  });
  rawClients.push(client);
  const metadata = new Metadata();
  metadata.set('authorization', `Bearer ${token}`);
  const call = client.makeBidiStreamRequest(connectPath, (bytes: Buffer) => bytes, (bytes) => bytes, metadata);
  call.on('error', () => undefined);
  call.on('data', () => undefined);
  return { say: (bytes) => void call.write(bytes), ended: new Promise((resolve) => call.on('status', resolve)) };
}

const sayHello = (message: FromAgent = { message: 'hello', hello }): Buffer => encodeFromAgent(message);

test('an agent says hello, reports, and gets its orders', async () => {
  const { port } = await serve();
  const client = agent(port);
  client.send(reportOf(0));
  expect(await journal.until(/^open/)).toBe('open identity of good');
  await journal.until(/^report 0/);
  sessions[0]?.send(anOrder);
  sessions[0]?.send({ ...anOrder, revision: 2 });
  sessions[0]?.send({ ...anOrder, revision: 3 });
  await journal.until(/^order 3/);
  client.send(reportOf(3));
  await journal.until(/^report 3/);
  expect(sessions[0]?.hello).toEqual(hello);
});

test('reports that come faster than they can be sent are replaced by the latest', async () => {
  const { port } = await serve({}, { messageIntervalMs: 20 });
  const client = agent(port);
  for (let revision = 0; revision < 2000; revision += 1) client.send(reportOf(revision));
  await journal.until(/^report 1999$/);
  expect(journal.lines.filter((line) => line.startsWith('report')).length).toBeLessThan(50);
});

test('an agent comes back after the controller went away, and repeats its latest report', async () => {
  const first = await serve();
  const client = agent(first.port);
  client.send(reportOf(41));
  await journal.until(/^report 41/);
  await first.close();
  await journal.until(/^down .*UNAVAILABLE/);
  journal.lines.splice(0);
  await serve({ address: `127.0.0.1:${first.port}` });
  await journal.until(/^report 41/);
});

test('a rotated token is used for the next stream', async () => {
  const { port } = await serve();
  agent(port);
  await journal.until(/^open identity of good$/);
  writeFileSync(join(directory, 'token'), 'good2');
  sessions[0]?.close('for the test');
  await journal.until(/^open identity of good2$/);
  expect(journal.lines).toContain('closed for the test');
});

test('a wrong token is refused and logged, and the agent is told why', async () => {
  const { port } = await serve();
  writeFileSync(join(directory, 'token'), 'bad');
  agent(port);
  expect(await journal.until(/^down/)).toMatch(/UNAUTHENTICATED: the token is wrong/);
  expect(await journal.until(/^refused/)).toMatch(/UNAUTHENTICATED: the token is wrong/);
  expect(sessions).toEqual([]);
});

test('a stream without a token is refused', async () => {
  const { port } = await serve();
  const { ended } = rawStream(port, '');
  expect((await ended).code).toBe(status.UNAUTHENTICATED);
});

test('a missing token file is told and tried again until it is there', async () => {
  const { port } = await serve();
  agent(port, { tokenFile: join(directory, 'later') });
  expect(await journal.until(/^down/)).toMatch(/ENOENT.*later/);
  writeFileSync(join(directory, 'later'), 'good');
  await journal.until(/^open/);
});

test('when tokens cannot be checked the agent is told to come back, without the inner cause', async () => {
  const { port } = await serve({ authenticate: () => Promise.reject(new Error('API server at 10.0.0.1 is down')) });
  agent(port);
  expect(await journal.until(/^down/)).toMatch(/UNAVAILABLE: the token cannot be checked now/);
  expect(await journal.until(/^refused checking/)).toMatch(/API server at 10\.0\.0\.1 is down/);
});

test('a check that takes too long is UNAVAILABLE', async () => {
  const { port } = await serve({ authenticate: () => new Promise(() => undefined) }, { authenticateMs: 20 });
  expect((await rawStream(port).ended).code).toBe(status.UNAVAILABLE);
});

test('a controller with a certificate of another name is not talked to', async () => {
  const { port } = await serve({ tls: authority.issue('somebody-else.test') });
  agent(port);
  await journal.until(/^down .*UNAVAILABLE/);
  expect(sessions).toEqual([]);
});

test('a controller of another CA is not talked to', async () => {
  const other = testAuthority();
  const { port } = await serve({ tls: other.issue(serverName) });
  agent(port);
  await journal.until(/^down .*UNAVAILABLE/);
  expect(sessions).toEqual([]);
});

test('a replaced certificate serves new connections while open streams go on', async () => {
  const server = await serve();
  agent(server.port).send(reportOf(1));
  await journal.until(/^report 1/);
  const other = testAuthority();
  server.useCertificate(other.issue(serverName));
  writeFileSync(join(directory, 'ca2.crt'), other.ca);
  agent(server.port, { caFile: join(directory, 'ca2.crt') }).send(reportOf(2));
  await journal.until(/^report 2/);
  agents[0]?.send(reportOf(3));
  await journal.until(/^report 3/);
  expect(() => server.useCertificate({ certificate: 'no', key: 'no' })).toThrow(/certificate and key/);
});

describe('a stream that breaks the rules is ended and logged, and disturbs nobody else', () => {
  async function disturb(misbehave: (stream: { say(bytes: Buffer): void }) => void): Promise<StatusObject> {
    const { port } = await serve();
    const good = agent(port);
    await journal.until(/^open/);
    const bad = rawStream(port);
    misbehave(bad);
    const end = await bad.ended;
    expect(await journal.until(/^refused/)).toContain(status[end.code]);
    good.send(reportOf(99));
    await journal.until(/^report 99/);
    expect(journal.lines.some((line) => line.startsWith('down'))).toBe(false);
    return end;
  }

  test('bytes that are no message', async () => {
    const end = await disturb(({ say }) => say(Buffer.from([0xff, 0xff, 0xff])));
    expect(end.code).toBe(status.INVALID_ARGUMENT);
  });

  test('a message larger than 1 MiB', async () => {
    const end = await disturb(({ say }) => say(Buffer.alloc(maxMessageBytes + 1)));
    expect(end.code).toBe(status.RESOURCE_EXHAUSTED);
  });

  test('a report before hello', async () => {
    const end = await disturb(({ say }) => say(sayHello({ message: 'report', report: reportOf(1) })));
    expect(end).toMatchObject({ code: status.INVALID_ARGUMENT, details: 'the first message is not Hello' });
  });

  test('hello twice', async () => {
    const end = await disturb(({ say }) => {
      say(sayHello());
      say(sayHello());
    });
    expect(end).toMatchObject({ code: status.INVALID_ARGUMENT, details: 'Hello was said twice' });
  });

  test('a report out of bounds', async () => {
    const end = await disturb(({ say }) => {
      say(sayHello());
      say(encodeFromAgent({ message: 'report', report: { ...reportOf(1), joinedSockets: 2 ** 60 } }));
    });
    expect(end.code).toBe(status.INVALID_ARGUMENT);
    expect(end.details).toContain('report.joinedSockets');
  });
});

test('a stream without hello is ended', async () => {
  const { port } = await serve({}, { helloMs: 20 });
  expect(await rawStream(port).ended).toMatchObject({ code: status.DEADLINE_EXCEEDED, details: 'no Hello came' });
});

test('a stream that falls silent is ended', async () => {
  const { port } = await serve({}, { silenceMs: 20 });
  const stream = rawStream(port);
  stream.say(sayHello());
  expect(await stream.ended).toMatchObject({ code: status.DEADLINE_EXCEEDED, details: 'no report came' });
});

test('agents beyond the limit are refused', async () => {
  const { port } = await serve({ maxStreams: 1 });
  agent(port);
  await journal.until(/^open/);
  expect((await rawStream(port).ended).code).toBe(status.RESOURCE_EXHAUSTED);
});

test('a second agent that claims a node is refused with the status the controller chose', async () => {
  const { port } = await serve({
    onStream: () => {
      throw new Refused(status.ALREADY_EXISTS, 'the node has an agent already');
    },
  });
  agent(port);
  expect(await journal.until(/^down/)).toMatch(/ALREADY_EXISTS: the node has an agent already/);
  expect(await journal.until(/^refused/)).toMatch(/ALREADY_EXISTS/);
});

test('a controller that fails on a report ends that stream only', async () => {
  const { port } = await serve({
    onStream: () => ({
      onReport: () => {
        throw new Error('defect');
      },
      onClose: () => undefined,
    }),
  });
  agent(port).send(reportOf(1));
  expect(await journal.until(/^refused handling/)).toContain('defect');
  await journal.until(/^down .*INTERNAL/);
});

test('an error in a callback of the agent is told, not thrown', async () => {
  const { port } = await serve();
  agent(port, {
    onOrder: () => {
      throw new Error('defect');
    },
  });
  await journal.until(/^open/);
  sessions[0]?.send(anOrder);
  expect(await journal.until(/^defect/)).toContain('defect');
});

test('an agent that closes is seen to go, after its last report', async () => {
  const { port } = await serve();
  const client = agent(port);
  await journal.until(/^open/);
  client.send(reportOf(5));
  await client.close();
  await journal.until(/^closed/);
  expect(journal.lines.filter((line) => /^(report|closed)/.test(line))).toEqual(['report 5', 'closed the agent ended the stream']);
});

test('an address that is taken is an error that names it', async () => {
  const { port } = await serve();
  await expect(serve({ address: `127.0.0.1:${port}` })).rejects.toThrow(`listening for agents at 127.0.0.1:${port}`);
});
