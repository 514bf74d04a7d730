// One connection of an agent to the controller, with one stream on it: Hello, reports, orders, until it ends.
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
import { Attempt } from './attempt';
import { LatestWriter } from './latest';
import type { Watch, Watched } from './live';
import type { FromAgent, FromController, Hello, Order, OrderMessage, Report } from './messages';
import { orderOfMessage } from './orderChanges';
import { connectPath, decodeFromController, encodeFromAgent, type Incoming, maxMessageBytes } from './wire';

type Call = ClientDuplexStream<FromAgent, Incoming<FromController>>;

const channelOptions: ChannelOptions = {
  'grpc.max_receive_message_length': maxMessageBytes,
  'grpc.max_send_message_length': maxMessageBytes,
  'grpc.keepalive_time_ms': 20_000,
  'grpc.keepalive_timeout_ms': 10_000,
  // Back-off is ours: each attempt is a connection of its own, and none goes through a proxy of the environment.
  'grpc.use_local_subchannel_pool': 1,
  'grpc.enable_retries': 0,
  // Nobody asks for it, and every connection would be kept count of.
  'grpc.enable_channelz': 0,
  'grpc.enable_http_proxy': 0,
  'grpc.service_config_disable_resolution': 1,
};

export interface ControllerStreamOptions {
  /** `host:port` of the controller. */
  readonly address: string;
  /** PEM file of the CA. */
  readonly caFile: string;
  readonly tokenFile: string;
  /** The name the server's certificate must carry, whatever address it is reached by. */
  readonly serverName: string;
  readonly hello: () => Hello;
  /** How often the token file is read while a stream is open, in milliseconds; a minute unless told. */
  readonly tokenCheckMs?: number;
  /** From being let in by the kernel to being accepted by the controller, in milliseconds; two minutes unless told. */
  readonly acceptedWithinMs?: number;
}

/** A minute is the most that a controller takes to review a token (`streamLimits`), and as long may the handshakes of all others before it take. */
const acceptedWithinMs = 120_000;

export interface StreamEvents {
  opened(): void;
  order(order: Order): void;
  watch(watch: Watch): void;
  /** Once, at the end. */
  ended(reason: string): void;
}

/** One connection with one stream on it. */
export class ControllerStream {
  private readonly client: Client;
  private readonly call: Call;
  private readonly reports: LatestWriter<Report>;
  /** Lets reports go out: in a line of thousands an agent may wait for a minute, and all but its latest report is of no use then. */
  private readonly letReport: () => void;
  /** The last one of this stream. */
  private ordered: Order | undefined;
  /** The token that the controller has seen last. */
  private shown: string;
  private readonly renewing: NodeJS.Timeout;
  private readonly attempt: Attempt;
  private done: (() => void) | undefined;
  private over = false;

  /** Throws when the CA or the token cannot be read. */
  constructor(options: ControllerStreamOptions, private readonly events: StreamEvents) {
    const ca = readFileSync(options.caFile);
    const hello = options.hello();
    this.shown = readToken(options.tokenFile);
    this.attempt = new Attempt(options.acceptedWithinMs ?? acceptedWithinMs);
    const secure = credentials.combineChannelCredentials(this.attempt.watch(credentials.createSsl(ca)), bearer(this.shown));
    this.client = new Client(options.address, secure, {
      ...channelOptions,
      'grpc.ssl_target_name_override': options.serverName,
      'grpc.default_authority': options.serverName,
    });
    this.call = this.client.makeBidiStreamRequest(connectPath, encodeFromAgent, decodeFromController, new Metadata());
    this.call.on('metadata', () => {
      this.attempt.succeed();
      events.opened();
      this.letReport();
    });
    this.call.on('data', (incoming: Incoming<FromController>) => this.take(incoming));
    // Every end has a status; the error event repeats it and must have a listener.
    this.call.on('error', () => undefined);
    this.call.on('status', ({ code, details }: StatusObject) => this.end(`${status[code]}: ${details}`));
    this.call.write({ message: 'hello', hello });
    this.reports = new LatestWriter((report, done) => this.call.write({ message: 'report', report }, done));
    this.letReport = this.reports.hold();
    this.renewing = setInterval(() => this.renew(options.tokenFile), options.tokenCheckMs ?? 60_000);
  }

  /** Once the controller has accepted the stream; until then only the latest is kept. */
  send(report: Report): void {
    this.reports.send(report);
  }

  /** Calls `done` when it is on its way, so that whoever has more to say can keep to the pace of the stream. */
  answer(watched: Watched, done: () => void): void {
    if (!this.over) this.call.write({ message: 'watched', watched }, done);
  }

  /** Half-closes and waits for the answer of the controller. */
  close(): Promise<void> {
    if (this.over) return Promise.resolve();
    this.letReport();
    return new Promise((resolve) => {
      const cut = setTimeout(() => this.call.cancel(), 1000);
      this.done = () => {
        clearTimeout(cut);
        resolve();
      };
      this.call.end();
    });
  }

  /** Shows the token that the kubelet has made since; an unreadable file is looked at again, until the controller has enough. */
  private renew(tokenFile: string): void {
    try {
      const fresh = readToken(tokenFile);
      if (fresh === this.shown) return;
      this.shown = fresh;
      this.call.write({ message: 'renewal', renewal: { token: fresh } });
    } catch {
      return;
    }
  }

  private take(incoming: Incoming<FromController>): void {
    if (this.over) return;
    if (!incoming.ok) {
      this.refuse(incoming.problem);
    } else if (incoming.value.message === 'order') {
      this.takeOrder(incoming.value.order);
    } else if (incoming.value.message === 'watch') {
      this.events.watch(incoming.value.watch);
    }
  }

  private takeOrder(message: OrderMessage): void {
    try {
      this.ordered = orderOfMessage(message, this.ordered);
    } catch (error) {
      return this.refuse(error instanceof Error ? error.message : String(error));
    }
    this.events.order(this.ordered);
  }

  private refuse(problem: string): void {
    this.call.cancel();
    this.end(`malformed order: ${problem}`);
  }

  private end(reason: string): void {
    if (this.over) return;
    this.over = true;
    clearInterval(this.renewing);
    this.attempt.end();
    this.reports.end();
    this.client.close();
    this.done?.();
    this.events.ended(reason);
  }
}

/** The kubelet rotates the file: it is read for every stream, and while one is open. */
function readToken(file: string): string {
  return readFileSync(file, 'utf8').trim();
}

/** Only ever sent over TLS. */
function bearer(token: string): CallCredentials {
  return credentials.createFromMetadataGenerator((_, callback) => {
    const metadata = new Metadata();
    metadata.set('authorization', `Bearer ${token}`);
    callback(null, metadata);
  });
}
