// A node agent without a kernel: its token is of a real Pod object, it uses the product's client of the channel, and the test writes its reports.
import { reportOf } from '../../../operator/protocol/channel.testing';
import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client, credentials, Metadata, type StatusObject } from '@grpc/grpc-js';
import { Backoff } from '../../../operator/base';
import {
  abilities,
  type AgentClient,
  connectAgent,
  type NamespaceReport,
  type Order,
  type Report,
  type Watch,
  type Watched,
} from '../../../operator/protocol';
import { encodeFromAgent } from '../../../operator/protocol/wire';
import type { ApiServer } from './apiServer';
import { namespace } from './controllerProcess';
import { waitFor } from '../support/waitFor';

export const agentAccount = 'sidecar-acceleration-agent';
const audience = 'acceleration.dev/agent';
const serverName = 'sidecar-acceleration-controller';
const connectPath = '/acceleration.v1.AgentChannel/Connect';

export interface TokenOptions {
  readonly account?: string;
  readonly audience?: string;
  /** The pod that the token is bound to; without it the token is bound to no object. */
  readonly pod?: string;
}

/** Requests a token from the API server, as the kubelet does for a projected volume. */
export async function requestToken(server: ApiServer, { account = agentAccount, audience: wanted = audience, pod }: TokenOptions): Promise<string> {
  const bound = pod === undefined ? [] : ['--bound-object-kind=Pod', `--bound-object-name=${pod}`];
  const { code, stdout, stderr } = await server.kubectl(['create', 'token', account, '-n', namespace, `--audience=${wanted}`, ...bound]);
  if (code !== 0) throw new Error(`requesting a token of ${account}: ${stderr.trim()}`);
  return stdout.trim();
}

/** The Pod object of an agent on a node; no kubelet runs it. */
export function agentPod(name: string, node: string, account = agentAccount): object {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace, labels: { 'app.kubernetes.io/name': 'sidecar-acceleration', 'app.kubernetes.io/component': 'agent' } },
    spec: { nodeName: node, serviceAccountName: account, automountServiceAccountToken: false, containers: [{ name: 'agent', image: 'none' }] },
  };
}

export const emptyReport: Report = reportOf(0);

export function namespaceReport(name: string, counts: Partial<NamespaceReport>): NamespaceReport {
  return {
    name,
    podsSelected: 1,
    podsAccelerated: 1,
    open: 0,
    accelerated: 0,
    reasons: [],
    fastBytes: 0,
    tcpBytes: 0,
    passes: [],
    draining: 0,
    adopted: 0,
    left: 0,
    woken: 0,
    unseen: 0,
    ...counts,
  };
}

export interface Endpoint {
  readonly port: number;
  /** PEM. */
  readonly ca: string;
}

export class TestAgent {
  readonly orders: Order[] = [];
  readonly watches: Watch[] = [];
  /** Changes of the stream's state in order: `up`, and `down` with the reason. */
  readonly states: string[] = [];
  private readonly client: AgentClient;
  private reported: Report | undefined;

  constructor(
    { port, ca }: Endpoint,
    token: string,
    directory: string,
    /** The report that answers an order. @param reported the last report that the test has sent @returns undefined: no report is sent */
    private readonly answer: (order: Order, reported: Report | undefined) => Report | undefined = () => undefined,
    /** The answer to a question for live data. Without it the agent says in its hello that it has no live data, as older releases do. */
    watched?: (watch: Watch) => Watched | undefined,
  ) {
    const files = join(directory, `agent-${randomBytes(4).toString('hex')}`);
    writeFileSync(`${files}.ca`, ca);
    writeFileSync(`${files}.token`, token, { mode: 0o600 });
    this.client = connectAgent({
      address: `127.0.0.1:${port}`,
      serverName,
      caFile: `${files}.ca`,
      tokenFile: `${files}.token`,
      hello: () => ({ agentVersion: 'test', kernel: '6.18.0', architecture: 'x86_64', mapAbi: 1, ...abilities, live: watched !== undefined }),
      onOrder: (order) => this.take(order),
      onWatch: (watch) => {
        this.watches.push(watch);
        const said = watched?.(watch);
        if (said !== undefined) this.tell(said);
      },
      onState: (connected, reason) => this.states.push(`${connected ? 'up' : 'down'} ${reason}`),
      onDefect: (error) => this.states.push(`defect ${String(error)}`),
      backoff: new Backoff({ firstMs: 200, maxMs: 500, minMs: 100 }),
    });
  }

  get order(): Order | undefined {
    return this.orders.at(-1);
  }

  report(report: Report): void {
    this.reported = report;
    this.client.send(report);
  }

  /** Sends an answer about live data. */
  tell(watched: Watched): void {
    this.client.answer(watched, () => undefined);
  }

  /** Sends a report with these namespaces. The same namespaces are in the report that answers each later order. */
  say(namespaces: readonly NamespaceReport[]): void {
    this.report({ ...emptyReport, appliedOrder: this.order?.revision ?? 0, namespaces: [...namespaces] });
  }

  /** Waits until `wanted` is true for the latest order. @param what describes such an order in the error */
  ordered(what: string, wanted: (order: Order) => boolean, timeoutMs = 30_000): Promise<Order> {
    return waitFor(`an order ${what}`, () => (this.order !== undefined && wanted(this.order) ? this.order : undefined), { timeoutMs }).catch(
      (error: unknown) => {
        throw new Error(
          `${String(error)}; the last order was ${JSON.stringify(this.order)}; states of the stream: ${this.states.slice(-5).join(' | ')}`,
        );
      },
    );
  }

  state(pattern: RegExp): Promise<string> {
    return waitFor(`the state ${pattern}`, () => this.states.find((state) => pattern.test(state)), { timeoutMs: 30_000 }).catch((error: unknown) => {
      throw new Error(`${String(error)}; states: ${this.states.slice(-5).join(' | ')}`);
    });
  }

  close(): Promise<void> {
    return this.client.close();
  }

  private take(order: Order): void {
    this.orders.push(order);
    const report = this.answer(order, this.reported);
    if (report !== undefined) this.client.send(report);
  }
}

/**
 * Sends these bytes as a message on a stream of the channel, with `afterHello` on a stream that the controller has accepted. Resolves with the
 * status by which the controller ends the stream.
 */
export async function sayRaw({ port, ca }: Endpoint, token: string, bytes: Buffer, afterHello = false): Promise<StatusObject> {
  const client = new Client(`127.0.0.1:${port}`, credentials.createSsl(Buffer.from(ca)), {
    'grpc.ssl_target_name_override': serverName,
    'grpc.use_local_subchannel_pool': 1,
    'grpc.enable_http_proxy': 0,
    'grpc.max_send_message_length': -1,
  });
  try {
    const metadata = new Metadata();
    metadata.set('authorization', `Bearer ${token}`);
    const call = client.makeBidiStreamRequest(
      connectPath,
      (message: Buffer) => message,
      (message) => message,
      metadata,
    );
    call.on('error', () => undefined);
    call.on('data', () => undefined);
    const ended = new Promise<StatusObject>((resolve) => call.on('status', resolve));
    if (afterHello) {
      call.write(
        encodeFromAgent({ message: 'hello', hello: { agentVersion: 'test', kernel: '6.18.0', architecture: 'x86_64', mapAbi: 1, ...abilities } }),
      );
      await Promise.race([new Promise((resolve) => call.once('metadata', resolve)), ended]);
    }
    call.write(bytes);
    return await ended;
  } finally {
    client.close();
  }
}
