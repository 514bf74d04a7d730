// A work queue of keys. A key waits in it once at most, is never with two workers, and is tried again after a back-off when its pass failed.
import { setImmediate as turnOfOthers } from 'node:timers/promises';
import { backoffMs, errorLine } from '../base';
import { systemClock, type Clock, type Random } from './clock';
import { ApiError, isTerminal } from './errors';

export interface QueueOptions {
  /** Longest wait after the first failure, in milliseconds; default 50 ms. */
  readonly baseDelayMs?: number;
  /** Longest wait after failures in a row, and the wait after a terminal error, in milliseconds; default 60 s. */
  readonly maxDelayMs?: number;
  readonly clock?: Clock;
  readonly random?: Random;
}

/** Result of a pass: nothing, or the milliseconds after which the key is added again. */
export type WorkResult = { requeueAfterMs?: number } | void;

export interface QueueRun {
  /** Most passes at the same time, at least 1. */
  readonly concurrency: number;
  /** When it is aborted, no further pass begins; passes that run end by themselves. */
  readonly signal: AbortSignal;
  /** One pass over a key. A pass that rejects has failed. */
  readonly work: (key: string) => Promise<WorkResult>;
  /** Called for every pass that failed, with the milliseconds until the key is tried again. */
  readonly onError: (key: string, error: unknown, retryMs: number) => void;
}

/**
 * Follows the rules of client-go's workqueue (util/workqueue/queue.go): a key that is added during its pass gets another pass afterwards.
 * Waiting and planned keys stay when a run ends: the next run goes on with them.
 */
export class WorkQueue {
  /** Keys that need a pass, in the order in which they were added. A key that is also in `busy` waits until its pass has ended. */
  private readonly dirty = new Set<string>();
  /** Keys with a pass that runs. */
  private readonly busy = new Set<string>();
  /** Key → the time by the clock at which it is added. */
  private readonly planned = new Map<string, number>();
  /** Key → failures in a row. */
  private readonly failures = new Map<string, number>();
  private readonly clock: Clock;
  private readonly random: Random;
  private readonly backoff: { readonly firstMs: number; readonly maxMs: number };
  private running = false;
  private wake: () => void = () => undefined;

  constructor(options: QueueOptions = {}) {
    this.clock = options.clock ?? systemClock;
    this.random = options.random ?? Math.random;
    this.backoff = { firstMs: options.baseDelayMs ?? 50, maxMs: options.maxDelayMs ?? 60_000 };
  }

  /** Number of keys that wait for a pass. */
  get depth(): number {
    return this.dirty.size;
  }

  /** Adds the key now. */
  add(key: string): void {
    this.dirty.add(key);
    this.wake();
  }

  /** Adds the key after `ms`. Of several times for one key, the earliest counts. */
  addAfter(key: string, ms: number): void {
    const at = this.clock.now() + Math.max(0, ms);
    if ((this.planned.get(key) ?? Number.POSITIVE_INFINITY) <= at) return;
    this.planned.set(key, at);
    this.wake();
  }

  /**
   * Runs passes until the signal is aborted and the running passes have ended.
   * @throws Error (rejection) when the queue already runs, because a key could then have two passes at once
   */
  async run(options: QueueRun): Promise<void> {
    if (this.running) throw new Error('run the work queue: it already runs');
    this.running = true;
    const stop = (): void => this.wake();
    options.signal.addEventListener('abort', stop);
    const passes = new Set<Promise<void>>();
    try {
      while (!options.signal.aborted) {
        const woken = new Promise<void>((resolve) => (this.wake = resolve));
        const nextMs = this.addDue();
        for (const key of this.takeable(options.concurrency - passes.size)) {
          const pass = this.pass(key, options).finally(() => {
            passes.delete(pass);
            this.wake();
          });
          passes.add(pass);
        }
        const cancel = nextMs === undefined ? () => undefined : this.clock.after(nextMs, () => this.wake());
        await woken;
        cancel();
        // Without this turn of the event loop, passes that do no I/O and add further keys would keep timers from running for ever.
        await turnOfOthers();
      }
      await Promise.all(passes);
    } finally {
      options.signal.removeEventListener('abort', stop);
      this.wake = () => undefined;
      this.running = false;
    }
  }

  /** Adds the planned keys whose time has come; returns the milliseconds until the next one. */
  private addDue(): number | undefined {
    const now = this.clock.now();
    let next = Number.POSITIVE_INFINITY;
    for (const [key, at] of this.planned) {
      if (at > now) next = Math.min(next, at);
      else {
        this.planned.delete(key);
        this.dirty.add(key);
      }
    }
    // Rounded up, because a timer may fire a fraction of a millisecond early and would then run in vain.
    return next === Number.POSITIVE_INFINITY ? undefined : Math.ceil(next - now);
  }

  /** Takes the first keys without a running pass, and marks them as busy. */
  private takeable(count: number): string[] {
    const taken: string[] = [];
    for (const key of this.dirty) {
      if (taken.length >= count) break;
      if (!this.busy.has(key)) taken.push(key);
    }
    for (const key of taken) {
      this.dirty.delete(key);
      this.busy.add(key);
    }
    return taken;
  }

  private async pass(key: string, { work, onError }: QueueRun): Promise<void> {
    try {
      const result = await work(key);
      this.failures.delete(key);
      if (result?.requeueAfterMs !== undefined) this.addAfter(key, result.requeueAfterMs);
    } catch (error) {
      const retryMs = this.planRetry(key, error);
      try {
        onError(key, error, retryMs);
      } catch (fault) {
        // An error of the callback must not end the queue, and there is no other place to report it.
        process.emitWarning(`the onError callback of a work queue threw for ${key}: ${errorLine(fault)}`);
      }
    } finally {
      this.busy.delete(key);
    }
  }

  /**
   * Plans the next try and returns the milliseconds until then. A terminal error waits for the next change, which adds the key. The longest
   * wait bounds that, because some causes, such as RBAC rules and quotas, are not watched.
   */
  private planRetry(key: string, error: unknown): number {
    const failures = (this.failures.get(key) ?? 0) + 1;
    this.failures.set(key, failures);
    const retryMs = isTerminal(error) ? this.backoff.maxMs : this.retryAfter(error, failures);
    this.addAfter(key, retryMs);
    return retryMs;
  }

  private retryAfter(error: unknown, failures: number): number {
    const asked = error instanceof ApiError ? (error.retryAfterMs ?? 0) : 0;
    return Math.max(Math.min(asked, this.backoff.maxMs), backoffMs(this.backoff, failures, this.random));
  }
}
