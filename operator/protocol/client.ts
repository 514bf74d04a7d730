// The agent's side of the channel: sends the latest report, delivers orders, and reconnects after a failure.
import { Backoff, type BackoffRange, errorMessage } from '../base';
import { ControllerStream, type ControllerStreamOptions } from './clientStream';
import type { Watch, Watched } from './live';
import type { Order, Report } from './messages';

/** Back-off of an agent's connections. The longest wait is half of the time in which all agents of a cluster must have reconnected. */
export const agentBackoff: BackoffRange = { firstMs: 2000, maxMs: 15_000, minMs: 1000 };

/** The CA and token files are read, and `hello` is called, for every attempt to connect. */
export interface AgentClientOptions extends ControllerStreamOptions {
  readonly onOrder: (order: Order) => void;
  /** A request for live data, or its cancellation. The end of a stream cancels every request of that stream. */
  readonly onWatch?: (watch: Watch) => void;
  /** Called with true when a stream opens, and with false and the reason in one line when it ends or cannot be opened. */
  readonly onState: (connected: boolean, reason: string) => void;
  /** An error that one of the callbacks above has thrown, which is a defect. */
  readonly onDefect: (error: unknown) => void;
  readonly backoff?: Backoff;
}

export interface AgentClient {
  /** Sends the report now, or as soon as a stream is open; only the latest report waits. Never throws. */
  send(report: Report): void;
  /** Sends an answer if a stream is open; `done` is called when the next answer may follow. Never throws. */
  answer(watched: Watched, done: () => void): void;
  /** Ends the stream after everything written was sent, within a second at most. */
  close(): Promise<void>;
}

/** Connects at once and reconnects until it is closed. Failures go to `onState`; it does not throw. */
export function connectAgent(options: AgentClientOptions): AgentClient {
  return new ReconnectingClient(options);
}

class ReconnectingClient implements AgentClient {
  private readonly backoff: Backoff;
  private stream: ControllerStream | undefined;
  private latest: Report | undefined;
  private retry: NodeJS.Timeout | undefined;
  private closed = false;

  constructor(private readonly options: AgentClientOptions) {
    this.backoff = options.backoff ?? new Backoff(agentBackoff);
    this.connect();
  }

  send(report: Report): void {
    if (this.closed) return;
    this.latest = report;
    this.stream?.send(report);
  }

  answer(watched: Watched, done: () => void): void {
    this.stream?.answer(watched, done);
  }

  async close(): Promise<void> {
    this.closed = true;
    clearTimeout(this.retry);
    await this.stream?.close();
  }

  private connect(): void {
    if (this.closed) return;
    try {
      this.stream = new ControllerStream(this.options, {
        opened: () => this.guard(() => this.options.onState(true, `connected to ${this.options.address}`)),
        order: (order) => {
          // Only an order shows that the controller works: a stream that has just opened may still be refused.
          this.backoff.reset();
          this.guard(() => this.options.onOrder(order));
        },
        watch: (watch) => this.guard(() => this.options.onWatch?.(watch)),
        ended: (reason) => this.ended(reason),
      });
      if (this.latest !== undefined) this.stream.send(this.latest);
    } catch (error) {
      this.ended(errorMessage(error));
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
