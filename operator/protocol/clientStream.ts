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
import { errorMessage } from '../base';
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
  // grpc-js must not retry by itself: each attempt is a new connection, without a proxy from environment variables.
  'grpc.use_local_subchannel_pool': 1,
  'grpc.enable_retries': 0,
  // Channelz is not served, and it would keep a record of every connection.
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
  /** The name that the server's certificate must have, whatever the address is. */
  readonly serverName: string;
  readonly hello: () => Hello;
  /** Milliseconds between two reads of the token file while a stream is open; default one minute. */
  readonly tokenCheckMs?: number;
  /** Most milliseconds from the established TCP connection until the controller accepts the stream; default two minutes. */
  readonly acceptedWithinMs?: number;
}

/** The controller takes a minute at most to review a token (`streamLimits`); the handshakes of other agents before may take another. */
const acceptedWithinMs = 120_000;

export interface StreamEvents {
  opened(): void;
  order(order: Order): void;
  watch(watch: Watch): void;
  /** Called once, when the stream has ended. */
  ended(reason: string): void;
}

/** One connection to the controller, with one stream. */
export class ControllerStream {
  private readonly client: Client;
  private readonly call: Call;
  private readonly reports: LatestWriter<Report>;
  /** Begins to send reports. Until the stream is accepted, which can take a minute among thousands of agents, only the latest is kept. */
  private readonly letReport: () => void;
  /** The last order of this stream. */
  private ordered: Order | undefined;
  /** The token that was sent last. */
  private shown: string;
  private readonly renewing: NodeJS.Timeout;
  private readonly attempt: Attempt;
  private done: (() => void) | undefined;
  private over = false;

  /** @throws Error when the CA or the token cannot be read */
  constructor(
    options: ControllerStreamOptions,
    private readonly events: StreamEvents,
  ) {
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
    // Every stream ends with a status. The error event repeats it, and Node requires a listener for that event.
    this.call.on('error', () => undefined);
    this.call.on('status', ({ code, details }: StatusObject) => this.end(`${status[code]}: ${details}`));
    this.call.write({ message: 'hello', hello });
    this.reports = new LatestWriter((report, done) => this.call.write({ message: 'report', report }, done));
    this.letReport = this.reports.hold();
    this.renewing = setInterval(() => this.renew(options.tokenFile), options.tokenCheckMs ?? 60_000);
  }

  /** Sends the report as soon as the controller has accepted the stream; until then only the latest report is kept. */
  send(report: Report): void {
    this.reports.send(report);
  }

  /** Sends an answer and calls `done` when it was written, so that the caller can send the next at the pace of the stream. */
  answer(watched: Watched, done: () => void): void {
    if (!this.over) this.call.write({ message: 'watched', watched }, done);
  }

  /** Half-closes the stream and waits until the controller ends it, for a second at most. */
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

  /** Sends the token if the kubelet has rotated it. A file that cannot be read is tried again; the controller ends the stream in the end. */
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
      return this.refuse(errorMessage(error));
    }
    this.events.order(this.ordered);
  }

  private refuse(problem: string): void {
    this.call.cancel();
    this.end(`malformed message of the controller: ${problem}`);
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

/** Reads the token file, which the kubelet rotates. */
function readToken(file: string): string {
  return readFileSync(file, 'utf8').trim();
}

/** Call credentials with the token. grpc-js sends them over TLS only. */
function bearer(token: string): CallCredentials {
  return credentials.createFromMetadataGenerator((_, callback) => {
    const metadata = new Metadata();
    metadata.set('authorization', `Bearer ${token}`);
    callback(null, metadata);
  });
}
