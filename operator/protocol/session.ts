// One agent's stream as the controller sees it: authenticated first, then Hello, then reports; one message at a time.
import { Metadata, type ServerDuplexStream, status } from '@grpc/grpc-js';
import { LatestWriter } from './latest';
import type { Watch, Watched } from './live';
import type { FromAgent, FromController, Hello, Order, Report } from './messages';
import { orderMessage, type OrderReader } from './orderChanges';
import { Refused } from './refused';
import { TokenAge } from './tokenAge';
import { encodeFromController, type Incoming } from './wire';

/** Milliseconds. */
export interface StreamLimits {
  readonly authenticateMs: number;
  /** From the first byte of the stream to its Hello. */
  readonly helloMs: number;
  /** An agent reports every ten seconds; one that is silent this long is taken for lost. */
  readonly silenceMs: number;
  /** A stream is read no faster than one message in this time, whatever it sends. */
  readonly messageIntervalMs: number;
  /** A stream goes on no longer than this after its last accepted token. */
  readonly tokenAgeMs: number;
  /** Between two tries to have a fresh token checked. */
  readonly tokenRetryMs: number;
}

export interface AgentSession<Identity> {
  readonly identity: Identity;
  readonly hello: Hello;
  /** Address and port the stream comes from. */
  readonly peer: string;
  /**
   * Tells the order, as changes where the agent reads them. While an earlier one is still on its way only the latest waits behind it.
   * Never throws. Returns how many bytes went out, none when it waits.
   */
  send(order: Order): number;
  /** Asks for live data; the answers come to `onWatched`. Not kept: a stream that ends forgets it. Never throws. */
  watch(watch: Watch): void;
  /** Ends the stream with ABORTED; the agent comes back after its back-off. */
  close(reason: string): void;
}

export interface SessionHandlers<Identity> {
  onReport(report: Report): void;
  /** An answer to what was asked by `watch`. */
  onWatched?(watched: Watched): void;
  /** A fresh token is good; throws `Refused` when it is not of the same agent. May be left out by whoever does not tell agents apart. */
  onIdentity?(identity: Identity): void;
  /** Called once, whoever ended the stream. */
  onClose(reason: string): void;
}

interface Policy<Identity> {
  readonly authenticate: (token: string, wanted: () => boolean) => Promise<Identity>;
  readonly onStream: (session: AgentSession<Identity>) => SessionHandlers<Identity>;
  readonly onRefused: (problem: string) => void;
}

type Call = ServerDuplexStream<Incoming<FromAgent>, FromController>;

export class SessionStream<Identity> {
  private ended = false;
  private handlers: SessionHandlers<Identity> | undefined;
  private tokenAge: TokenAge<Identity> | undefined;
  private silence: NodeJS.Timeout | undefined;
  private pause: NodeJS.Timeout | undefined;
  private readonly orders: LatestWriter<Order>;
  /** The last order that went out. */
  private told: Order | undefined;
  private reader: OrderReader = { changes: false, packed: false };
  /** Of all orders that went out. */
  private orderBytes = 0;

  constructor(
    private readonly call: Call,
    private readonly policy: Policy<Identity>,
    private readonly limits: StreamLimits,
    private readonly onGone: () => void,
  ) {
    this.orders = new LatestWriter((order, done) => this.write(order, done));
    call.on('cancelled', () => this.finish('the agent ended the stream'));
    call.on('end', () => this.end(status.OK, 'the agent ended the stream'));
  }

  /** Reads nothing of the stream until the token is accepted. Never rejects. */
  async run(token: string | undefined): Promise<void> {
    if (token === undefined) return this.end(status.UNAUTHENTICATED, 'no bearer token was shown');
    let identity: Identity;
    try {
      identity = await this.authenticate(token);
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      if (error instanceof Refused) return this.end(error.code, why);
      this.policy.onRefused(`checking the token of ${this.call.getPeer()}: ${why}`);
      return this.end(status.UNAVAILABLE, 'the token cannot be checked now');
    }
    if (!this.ended) this.read(identity);
  }

  private authenticate(token: string): Promise<Identity> {
    return within(this.limits.authenticateMs, this.policy.authenticate(token, () => !this.ended));
  }

  end(code: status, reason: string): void {
    if (this.ended) return;
    this.finish(reason);
    if (code === status.OK) this.call.end();
    else this.call.emit('error', { code, details: reason });
  }

  private read(identity: Identity): void {
    this.silence = setTimeout(() => {
      const missing = this.handlers === undefined ? 'no Hello came' : 'no report came';
      this.end(status.DEADLINE_EXCEEDED, missing);
    }, this.limits.helloMs);
    this.call.on('data', (incoming: Incoming<FromAgent>) => {
      if (this.ended) return;
      this.call.pause();
      this.pause = setTimeout(() => this.call.resume(), this.limits.messageIntervalMs);
      this.take(incoming, identity);
    });
  }

  private take(incoming: Incoming<FromAgent>, identity: Identity): void {
    if (!incoming.ok) return this.end(status.INVALID_ARGUMENT, `malformed message: ${incoming.problem}`);
    const message = incoming.value;
    try {
      if (this.handlers === undefined) {
        if (message.message !== 'hello') return this.end(status.INVALID_ARGUMENT, 'the first message is not Hello');
        this.open(identity, message.hello);
      } else if (message.message === 'hello') {
        this.end(status.INVALID_ARGUMENT, 'Hello was said twice');
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
      this.policy.onRefused(`handling a message of ${this.call.getPeer()}: ${error instanceof Error ? error.stack : String(error)}`);
      this.end(status.INTERNAL, 'the controller failed on a message');
    }
  }

  private open(identity: Identity, hello: Hello): void {
    clearTimeout(this.silence);
    this.silence = setTimeout(() => this.end(status.DEADLINE_EXCEEDED, 'no report came'), this.limits.silenceMs);
    this.reader = hello;
    // Tells the agent that it is accepted, also when there is no order for it yet.
    this.call.sendMetadata(new Metadata());
    const handlers = this.policy.onStream({
      identity,
      hello,
      peer: this.call.getPeer(),
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
    const message: FromController = { message: 'order', order: orderMessage(order, this.reader, this.told) };
    this.told = order;
    this.orderBytes += encodeFromController(message).length;
    this.call.write(message, done);
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
    timer = setTimeout(() => reject(new Error(`no answer in ${ms} ms`)), ms);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
