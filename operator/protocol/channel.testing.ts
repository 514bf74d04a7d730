// For tests: a channel on loopback with a real server, real agents and raw clients that send any bytes; everything ends with the test.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, credentials, Metadata, type StatusObject } from '@grpc/grpc-js';
import { Backoff } from '../base';
import { type TestAuthority, testAuthority } from './certificates.testing';
import { type AgentClient, type AgentClientOptions, connectAgent } from './client';
import { Journal } from './journal.testing';
import { abilities, type FromAgent, type FromController, type Hello, type Order, type Report } from './messages';
import { type AgentServer, serveAgents, type ServeOptions } from './server';
import { NotAuthenticated } from './refused';
import type { AgentSession, StreamLimits } from './session';
import { connectPath, decodeFromController, encodeFromAgent } from './wire';

export const serverName = 'controller.test';
export const hello: Hello = { agentVersion: '1', kernel: '6.18', architecture: 'x86_64', mapAbi: 1, ...abilities };
export const anOrder: Order = {
  revision: 1,
  mode: 'Observe',
  paths: ['NodeLocal'],
  maxConnections: 10,
  spillBytes: 4096,
  namespaces: ['shop'],
  podSelector: {},
  remove: false,
  reportSeconds: 1,
};
export const reportOf = (appliedOrder: number): Report => ({
  appliedOrder,
  released: false,
  problems: [],
  namespaces: [],
  joinedSockets: 0,
  drainingSockets: 0,
  errors: 0,
});
export const sayHello = (message: FromAgent = { message: 'hello', hello }): Buffer => encodeFromAgent(message);

export interface RawStream {
  say(bytes: Buffer): void;
  /** Begins to read the stream; before that nothing is read. */
  read(onMessage: (message: FromController) => void): void;
  readonly ended: Promise<StatusObject>;
}

/** The channel of one test. The token file has the token `good`; every token that begins with `good` is accepted. */
export class TestChannel {
  readonly directory = mkdtempSync(join(tmpdir(), 'channel-'));
  readonly authority: TestAuthority = testAuthority();
  /** The events at both ends, in order. */
  readonly journal = new Journal();
  readonly sessions: AgentSession<string>[] = [];
  private readonly servers: AgentServer[] = [];
  private readonly agents: AgentClient[] = [];
  private readonly rawClients: Client[] = [];

  constructor() {
    this.write('ca.crt', this.authority.ca);
    this.write('token', 'good\n');
  }

  async end(): Promise<void> {
    await Promise.all(this.agents.map((agent) => agent.close()));
    for (const client of this.rawClients) client.close();
    await Promise.all(this.servers.map((server) => server.close()));
    rmSync(this.directory, { recursive: true });
  }

  path(name: string): string {
    return join(this.directory, name);
  }

  write(name: string, text: string): void {
    writeFileSync(this.path(name), text);
  }

  async serve(extra: Partial<ServeOptions<string>> = {}, limits: Partial<StreamLimits> = {}): Promise<AgentServer> {
    const { journal, sessions } = this;
    const server = await serveAgents<string>({
      address: '127.0.0.1:0',
      tls: this.authority.issue(serverName),
      authenticate: (token) =>
        token.startsWith('good') ? Promise.resolve(`identity of ${token}`) : Promise.reject(new NotAuthenticated('the token is wrong')),
      onStream: (session) => {
        sessions.push(session);
        journal.add(`open ${session.identity}`);
        return {
          onIdentity: (identity) => {
            journal.add(`renewed ${identity}`);
            if (identity !== session.identity && !identity.includes('fresh')) throw new NotAuthenticated("the fresh token is another agent's");
          },
          onReport: ({ appliedOrder }) => journal.add(`report ${appliedOrder}`),
          onClose: (reason) => journal.add(`closed ${reason}`),
        };
      },
      onRefused: (problem) => journal.add(`refused ${problem}`),
      limits: { messageIntervalMs: 0, ...limits },
      ...extra,
    });
    this.servers.push(server);
    return server;
  }

  agent(port: number, extra: Partial<AgentClientOptions> = {}): AgentClient {
    const { journal } = this;
    const client = connectAgent({
      address: `127.0.0.1:${port}`,
      caFile: this.path('ca.crt'),
      tokenFile: this.path('token'),
      serverName,
      hello: () => hello,
      onOrder: (order) => journal.add(`order ${order.revision}`),
      onState: (connected, reason) => journal.add(`${connected ? 'up' : 'down'} ${reason}`),
      onDefect: (error) => journal.add(`defect ${String(error)}`),
      backoff: new Backoff({ firstMs: 40, maxMs: 100, minMs: 20 }),
      ...extra,
    });
    this.agents.push(client);
    return client;
  }

  /** A client that sends any bytes. */
  raw(port: number, token = 'good'): RawStream {
    return this.rawStreams(port, 1, token)[0] as RawStream; // its length is 1
  }

  /** Several such streams on one connection. */
  rawStreams(port: number, count: number, token = 'good'): RawStream[] {
    const client = new Client(`127.0.0.1:${port}`, credentials.createSsl(Buffer.from(this.authority.ca)), {
      'grpc.ssl_target_name_override': serverName,
      'grpc.use_local_subchannel_pool': 1,
    });
    this.rawClients.push(client);
    return Array.from({ length: count }, () => rawStream(client, token));
  }
}

function rawStream(client: Client, token: string): RawStream {
  const metadata = new Metadata();
  metadata.set('authorization', `Bearer ${token}`);
  const call = client.makeBidiStreamRequest(
    connectPath,
    (bytes: Buffer) => bytes,
    (bytes) => bytes,
    metadata,
  );
  call.on('error', () => undefined);
  const read: RawStream['read'] = (onMessage) => {
    call.on('data', (bytes: Buffer) => {
      const incoming = decodeFromController(bytes);
      if (incoming.ok) onMessage(incoming.value);
    });
  };
  return { say: (bytes) => void call.write(bytes), read, ended: new Promise((resolve) => call.on('status', resolve)) };
}
