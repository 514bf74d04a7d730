// The agent's side of the channel: connects, says Hello, sends the latest report, delivers orders, and comes back by itself.
import { readFileSync } from 'node:fs';
import {
  type CallCredentials,
  type ChannelOptions,
  Client,
  type ClientDuplexStream,
  credentials,
  Metadata,
  type StatusObject,
  status,
} from '@grpc/grpc-js';
import { Backoff } from './backoff';
import type { FromAgent, FromController, Hello, Order, Report } from './messages';
import { connectPath, decodeFromController, encodeFromAgent, type Incoming, maxMessageBytes } from './wire';

export interface AgentClientOptions {
  /** `host:port` of the controller. */
  readonly address: string;
  /** PEM file of the CA; read again on every connect, as is the token. */
  readonly caFile: string;
  readonly tokenFile: string;
  /** The name the server's certificate must carry, whatever address it is reached by. */
  readonly serverName: string;
  /** Asked for on every connect. */
  readonly hello: () => Hello;
  readonly onOrder: (order: Order) => void;
  /** Told when a stream opens (true), and with the reason in one line when it ends or cannot be opened. */
  readonly onState: (connected: boolean, reason: string) => void;
  /** An error thrown by one of the callbacks above: a defect, to be logged or to be died of. */
  readonly onDefect: (error: unknown) => void;
  readonly backoff?: Backoff;
}

export interface AgentClient {
  /** Sends the state of the node now, or as soon as there is a stream; only the latest one waits. Never throws. */
  send(report: Report): void;
  /** Ends the stream after what was sent has gone out, at most a second later. */
  close(): Promise<void>;
}

type Call = ClientDuplexStream<FromAgent, Incoming<FromController>>;

const channelOptions: ChannelOptions = {
  'grpc.max_receive_message_length': maxMessageBytes,
  'grpc.max_send_message_length': maxMessageBytes,
  'grpc.keepalive_time_ms': 20_000,
  'grpc.keepalive_timeout_ms': 10_000,
  // Back-off is ours: each attempt is a connection of its own, and none goes through a proxy of the environment.
  'grpc.use_local_subchannel_pool': 1,
  'grpc.enable_retries': 0,
  'grpc.enable_http_proxy': 0,
  'grpc.service_config_disable_resolution': 1,
};

/** Starts at once; all that goes wrong is told through `onState`. */
export function connectAgent(options: AgentClientOptions): AgentClient {
  return new ReconnectingClient(options);
}

class ReconnectingClient implements AgentClient {
  private readonly backoff: Backoff;
  private stream: AgentStream | undefined;
  private latest: Report | undefined;
  private retry: NodeJS.Timeout | undefined;
  private closed = false;

  constructor(private readonly options: AgentClientOptions) {
    this.backoff = options.backoff ?? new Backoff();
    this.connect();
  }

  send(report: Report): void {
    if (this.closed) return;
    this.latest = report;
    this.stream?.send(report);
  }

  async close(): Promise<void> {
    this.closed = true;
    clearTimeout(this.retry);
    await this.stream?.close();
  }

  private connect(): void {
    if (this.closed) return;
    try {
      this.stream = new AgentStream(this.options, {
        opened: () => this.guard(() => this.options.onState(true, `connected to ${this.options.address}`)),
        order: (order) => {
          // A controller that gives orders is a working one; a stream that merely opened may still be refused.
          this.backoff.reset();
          this.guard(() => this.options.onOrder(order));
        },
        ended: (reason) => this.ended(reason),
      });
      if (this.latest !== undefined) this.stream.send(this.latest);
    } catch (error) {
      this.ended(error instanceof Error ? error.message : String(error));
    }
  }

  private ended(reason: string): void {
    this.stream = undefined;
    if (this.closed) return;
    const wait = this.backoff.next();
    this.retry = setTimeout(() => this.connect(), wait);
    this.guard(() => this.options.onState(false, `connection to ${this.options.address}: ${reason}; next try in ${wait} ms`));
  }

  private guard(callback: () => void): void {
    try {
      callback();
    } catch (error) {
      this.options.onDefect(error);
    }
  }
}

interface StreamEvents {
  opened(): void;
  order(order: Order): void;
  /** Once, at the end. */
  ended(reason: string): void;
}

/** One connection with one stream on it. */
class AgentStream {
  private readonly client: Client;
  private readonly call: Call;
  private sending = false;
  private waiting: Report | undefined;
  private done: (() => void) | undefined;
  private over = false;

  /** Throws when the CA or the token cannot be read. */
  constructor(options: AgentClientOptions, private readonly events: StreamEvents) {
    const ca = readFileSync(options.caFile);
    const hello = options.hello();
    const secure = credentials.combineChannelCredentials(credentials.createSsl(ca), token(options.tokenFile));
    this.client = new Client(options.address, secure, {
      ...channelOptions,
      'grpc.ssl_target_name_override': options.serverName,
      'grpc.default_authority': options.serverName,
    });
    this.call = this.client.makeBidiStreamRequest(connectPath, encodeFromAgent, decodeFromController, new Metadata());
    this.call.on('metadata', () => events.opened());
    this.call.on('data', (incoming: Incoming<FromController>) => this.take(incoming));
    // Every end has a status; the error event repeats it and must have a listener.
    this.call.on('error', () => undefined);
    this.call.on('status', ({ code, details }: StatusObject) => this.end(`${status[code]}: ${details}`));
    this.call.write({ message: 'hello', hello });
  }

  send(report: Report): void {
    if (this.sending) {
      this.waiting = report;
      return;
    }
    this.sending = true;
    this.call.write({ message: 'report', report }, () => {
      this.sending = false;
      const next = this.waiting;
      this.waiting = undefined;
      if (next !== undefined) this.send(next);
    });
  }

  /** Half-closes and waits for the answer of the controller. */
  close(): Promise<void> {
    if (this.over) return Promise.resolve();
    return new Promise((resolve) => {
      const cut = setTimeout(() => this.call.cancel(), 1000);
      this.done = () => {
        clearTimeout(cut);
        resolve();
      };
      this.call.end();
    });
  }

  private take(incoming: Incoming<FromController>): void {
    if (this.over) return;
    if (!incoming.ok) {
      this.call.cancel();
      this.end(`malformed order: ${incoming.problem}`);
    } else if (incoming.value.message === 'order') {
      this.events.order(incoming.value.order);
    }
  }

  private end(reason: string): void {
    if (this.over) return;
    this.over = true;
    this.client.close();
    this.done?.();
    this.events.ended(reason);
  }
}

/** The kubelet rotates the file: read it for every stream. Only ever sent over TLS. */
function token(file: string): CallCredentials {
  return credentials.createFromMetadataGenerator((_, callback) => {
    const metadata = new Metadata();
    try {
      metadata.set('authorization', `Bearer ${readFileSync(file, 'utf8').trim()}`);
    } catch (error) {
      return callback(error instanceof Error ? error : new Error(String(error)));
    }
    return callback(null, metadata);
  });
}
