// The agent's side of the channel: sends the latest report, delivers orders, and comes back by itself.
import { Backoff } from './backoff';
import { ControllerStream, type ControllerStreamOptions } from './clientStream';
import type { Watch, Watched } from './live';
import type { Order, Report } from './messages';

/** The files are read, and `hello` is asked for, on every connect. */
export interface AgentClientOptions extends ControllerStreamOptions {
  readonly onOrder: (order: Order) => void;
  /** Asks for live data, or no longer. What was asked on a stream is void when that stream ends. */
  readonly onWatch?: (watch: Watch) => void;
  /** Told when a stream opens (true), and with the reason in one line when it ends or cannot be opened. */
  readonly onState: (connected: boolean, reason: string) => void;
  /** An error thrown by one of the callbacks above: a defect, to be logged or to be died of. */
  readonly onDefect: (error: unknown) => void;
  readonly backoff?: Backoff;
}

export interface AgentClient {
  /** Sends the state of the node now, or as soon as there is a stream; only the latest one waits. Never throws. */
  send(report: Report): void;
  /** Says it on the stream there is, if there is one; `done` is called when the next may follow. Never throws. */
  answer(watched: Watched, done: () => void): void;
  /** Ends the stream after what was sent has gone out, at most a second later. */
  close(): Promise<void>;
}

/** Starts at once; all that goes wrong is told through `onState`. */
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
    this.backoff = options.backoff ?? new Backoff();
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
          // A controller that gives orders is a working one; a stream that merely opened may still be refused.
          this.backoff.reset();
          this.guard(() => this.options.onOrder(order));
        },
        watch: (watch) => this.guard(() => this.options.onWatch?.(watch)),
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
