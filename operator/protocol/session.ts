// One agent's stream at the controller: first the token is checked, then Hello is read, then reports, one message at a time.
import { Metadata, type ServerDuplexStream, status } from '@grpc/grpc-js';
import { errorMessage } from '../base';
import { LatestWriter } from './latest';
import type { Watch, Watched } from './live';
import { Allowance, type Rate } from './allowance';
import type { FromController, Hello, Order, Report } from './messages';
import { orderMessage, type OrderReader } from './orderChanges';
import { Refused } from './refused';
import { TokenAge } from './tokenAge';
import { decodeFromAgent, encodeFromController, maxHelloBytes } from './wire';

/** Time limits of a stream, in milliseconds. */
export interface StreamLimits {
  /** Longest check of a token. */
  readonly authenticateMs: number;
  /** Longest time from the accepted token to Hello. */
  readonly helloMs: number;
  /** Longest time without a report. An agent reports every ten seconds at least. */
  readonly silenceMs: number;
  /** Shortest time between two messages that are read from a stream. */
  readonly messageIntervalMs: number;
  /**
   * Time of the process for the messages of a stream: `burst` milliseconds at once, and `perSecond` milliseconds of each second. Beyond it
   * the stream is not read, and TCP lets the agent wait. The dearest valid report takes 40 ms, an agent's usual one less than one.
   */
  readonly work: Rate;
  /** Longest time from one accepted token to the next. */
  readonly tokenAgeMs: number;
  /** Time until a token that could not be checked is checked again. */
  readonly tokenRetryMs: number;
}

export interface AgentSession<Identity> {
  readonly identity: Identity;
  readonly hello: Hello;
  /** Address and port of the client. */
  readonly peer: string;
  /**
   * Sends the order, as changes if the agent reads changes. While an earlier order is being sent, only the latest waits. Never throws.
   * @returns the number of bytes written; 0 when the order waits
   */
  send(order: Order): number;
  /** Requests live data; the answers come to `onWatched`. The request ends with the stream. Never throws. */
  watch(watch: Watch): void;
  /** Ends the stream with ABORTED; the agent reconnects after its back-off. */
  close(reason: string): void;
}

export interface SessionHandlers<Identity> {
  onReport(report: Report): void;
  /** An answer to a request of `watch`. */
  onWatched?(watched: Watched): void;
  /** A fresh token was accepted. Throws `Refused` when it is not of the same agent. */
  onIdentity?(identity: Identity): void;
  /** Called once when the stream has ended, by either end. */
  onClose(reason: string): void;
}

interface Policy<Identity> {
  readonly authenticate: (token: string, isOpen: () => boolean) => Promise<Identity>;
  readonly onStream: (session: AgentSession<Identity>) => SessionHandlers<Identity>;
  readonly onRefused: (problem: string) => void;
}

type Call = ServerDuplexStream<Buffer, FromController>;

/** A stream and the address and port of its client. */
export interface PeerCall {
  readonly call: Call;
  readonly peer: string;
}

const noReport = 'the agent sent no report in time';

export class SessionStream<Identity> {
  private ended = false;
  private handlers: SessionHandlers<Identity> | undefined;
  private tokenAge: TokenAge<Identity> | undefined;
  private silence: NodeJS.Timeout | undefined;
  private pause: NodeJS.Timeout | undefined;
  private readonly orders: LatestWriter<Order>;
  /** The last order that was sent. */
  private sent: Order | undefined;
  private reader: OrderReader = { changes: false, packed: false };
  /** Bytes of all orders that were sent. */
  private orderBytes = 0;
  private readonly call: Call;
  private readonly peer: string;
  private readonly work: Allowance;

  constructor(
    { call, peer }: PeerCall,
    private readonly policy: Policy<Identity>,
    private readonly limits: StreamLimits,
    private readonly onGone: () => void,
  ) {
    [this.call, this.peer] = [call, peer];
    this.work = new Allowance(limits.work);
    this.orders = new LatestWriter((order, done) => this.write(order, done));
    call.on('cancelled', () => this.finish('the agent ended the stream'));
    call.on('end', () => this.end(status.OK, 'the agent ended the stream'));
  }

  /** Checks the token, and reads the stream after it was accepted. Never rejects. */
  async run(token: string | undefined): Promise<void> {
    if (token === undefined) return this.end(status.UNAUTHENTICATED, 'the stream has no bearer token');
    let identity: Identity;
    try {
      identity = await this.authenticate(token);
    } catch (error) {
      const why = errorMessage(error);
      if (error instanceof Refused) return this.end(error.code, why);
      this.policy.onRefused(`checking the token of ${this.peer}: ${why}`);
      return this.end(status.UNAVAILABLE, 'the token cannot be checked now; try again');
    }
    if (!this.ended) this.read(identity);
  }

  private authenticate(token: string): Promise<Identity> {
    return within(
      this.limits.authenticateMs,
      this.policy.authenticate(token, () => !this.ended),
    );
  }

  end(code: status, reason: string): void {
    if (this.ended) return;
    this.finish(reason);
    if (code === status.OK) this.call.end();
    else this.call.emit('error', { code, details: reason });
  }

  private read(identity: Identity): void {
    this.silence = setTimeout(() => {
      const missing = this.handlers === undefined ? 'the agent sent no Hello in time' : noReport;
      this.end(status.DEADLINE_EXCEEDED, missing);
    }, this.limits.helloMs);
    this.call.on('data', (bytes: Buffer) => {
      if (this.ended) return;
      this.call.pause();
      const before = process.threadCpuUsage();
      this.take(bytes, identity);
      const { user, system } = process.threadCpuUsage(before);
      this.work.spend((user + system) / 1000);
      const pauseMs = Math.max(this.limits.messageIntervalMs, this.work.debtMs());
      if (!this.isEnded()) this.pause = setTimeout(() => this.call.resume(), pauseMs);
    });
  }

  private take(bytes: Buffer, identity: Identity): void {
    if (this.handlers === undefined && bytes.length > maxHelloBytes)
      return this.end(status.INVALID_ARGUMENT, `the first message has more than ${maxHelloBytes} bytes`);
    const incoming = decodeFromAgent(bytes);
    if (!incoming.ok) return this.end(status.INVALID_ARGUMENT, `malformed message: ${incoming.problem}`);
    const message = incoming.value;
    try {
      if (this.handlers === undefined) {
        if (message.message !== 'hello') return this.end(status.INVALID_ARGUMENT, 'the first message is not Hello');
        this.open(identity, message.hello);
      } else if (message.message === 'hello') {
        this.end(status.INVALID_ARGUMENT, 'the agent sent Hello twice');
      } else if (message.message === 'report') {
        this.silence?.refresh();
        this.handlers.onReport(message.report);
      } else if (message.message === 'watched') {
        this.handlers.onWatched?.(message.watched);
      } else if (message.message === 'renewal') {
        this.tokenAge?.show(message.renewal.token);
      }
    } catch (error) {
      if (error instanceof Refused) return this.end(error.code, error.message);
      this.policy.onRefused(`handling a message of ${this.peer}: ${error instanceof Error ? error.stack : errorMessage(error)}`);
      this.end(status.INTERNAL, 'the controller failed while it handled a message');
    }
  }

  private open(identity: Identity, hello: Hello): void {
    clearTimeout(this.silence);
    this.silence = setTimeout(() => this.end(status.DEADLINE_EXCEEDED, noReport), this.limits.silenceMs);
    this.reader = hello;
    // The metadata shows the agent that its stream is accepted, also when there is no order yet.
    this.call.sendMetadata(new Metadata());
    const handlers = this.policy.onStream({
      identity,
      hello,
      peer: this.peer,
      send: (order) => this.send(order),
      watch: (watch) => void (this.ended || this.call.write({ message: 'watch', watch })),
      close: (reason) => this.end(status.ABORTED, reason),
    });
    if (this.ended) return handlers.onClose('the stream was closed when it opened');
    this.handlers = handlers;
    this.tokenAge = new TokenAge({
      authenticate: (token) => this.authenticate(token),
      accept: (fresh) => handlers.onIdentity?.(fresh),
      onRefused: (code, reason) => this.end(code, reason),
      maxAgeMs: this.limits.tokenAgeMs,
      retryMs: this.limits.tokenRetryMs,
    });
  }

  private send(order: Order): number {
    const before = this.orderBytes;
    this.orders.send(order);
    return this.orderBytes - before;
  }

  private write(order: Order, done: () => void): void {
    const message: FromController = { message: 'order', order: orderMessage(order, this.reader, this.sent) };
    this.sent = order;
    this.orderBytes += encodeFromController(message).length;
    this.call.write(message, done);
  }

  private isEnded(): boolean {
    return this.ended;
  }

  private finish(reason: string): void {
    if (this.ended) return;
    this.ended = true;
    clearTimeout(this.silence);
    clearTimeout(this.pause);
    this.tokenAge?.end();
    this.orders.end();
    this.onGone();
    this.handlers?.onClose(reason);
  }
}

async function within<T>(ms: number, promise: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no result within ${ms} ms`)), ms);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
