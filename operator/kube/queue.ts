// Keys to be worked on: each at most once in line, never with two workers, later again with growing pauses when it failed.
import { setImmediate as turnOfOthers } from 'node:timers/promises';
import { backoffMs } from '../base';
import { systemClock, type Clock, type Random } from './clock';
import { ApiError, messageOf } from './errors';

export interface QueueOptions {
  /** First pause after a failure; 50 ms unless told. */
  readonly baseDelayMs?: number;
  /** Longest pause after failures in a row; 60 s unless told. */
  readonly maxDelayMs?: number;
  readonly clock?: Clock;
  readonly random?: Random;
}

/** What a pass asks for: nothing, or to be called again after a time. */
export type WorkResult = { requeueAfterMs?: number } | void;

export interface QueueRun {
  /** Workers at the same time, at least 1. */
  readonly concurrency: number;
  /** No more keys are handed out; those in work end by themselves. */
  readonly signal: AbortSignal;
  readonly work: (key: string) => Promise<WorkResult>;
  /** Hears of every pass that failed, and in how many milliseconds the key is tried again. */
  readonly onError: (key: string, error: unknown, retryMs: number) => void;
}

/**
 * The rules of client-go's workqueue (util/workqueue/queue.go): a key added while it is worked on is worked on once more
 * afterwards. Keys, planned ones too, outlive a run: the next run goes on with them.
 */
export class WorkQueue {
  /** Keys to be worked on; those that are also in `busy` wait for their worker to end. In the order they came. */
  private readonly dirty = new Set<string>();
  private readonly busy = new Set<string>();
  /** Key → when it is to be added, by the clock. */
  private readonly planned = new Map<string, number>();
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

  /** Keys that are to be worked on now, without those in work. */
  get depth(): number {
    return this.dirty.size;
  }

  add(key: string): void {
    this.dirty.add(key);
    this.wake();
  }

  /** Adds the key after `ms`; of several times for one key the earliest holds. */
  addAfter(key: string, ms: number): void {
    const at = this.clock.now() + Math.max(0, ms);
    if ((this.planned.get(key) ?? Number.POSITIVE_INFINITY) <= at) return;
    this.planned.set(key, at);
    this.wake();
  }

  /**
   * Works on keys until the signal is given and what was in work has ended. Never rejects.
   * @throws Error when the queue already runs: a key could then be with two workers
   */
  async run(options: QueueRun): Promise<void> {
    if (this.running) throw new Error('running the work queue: it already runs');
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
        // Passes that ask nobody for anything, with keys that come from what has been read already, would keep timers waiting for ever.
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
    // A timer may be a fraction of a millisecond early; rounding up spares the turn for nothing.
    return next === Number.POSITIVE_INFINITY ? undefined : Math.ceil(next - now);
  }

  /** The first keys in line that nobody works on, marked as in work. */
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
        // Whoever listens must not be able to end the queue; there is no better place left to say it.
        process.emitWarning(`the onError of a work queue failed on ${key}: ${messageOf(fault)}`);
      }
    } finally {
      this.busy.delete(key);
    }
  }

  private planRetry(key: string, error: unknown): number {
    const failures = (this.failures.get(key) ?? 0) + 1;
    this.failures.set(key, failures);
    const asked = error instanceof ApiError ? (error.retryAfterMs ?? 0) : 0;
    const retryMs = Math.max(Math.min(asked, this.backoff.maxMs), backoffMs(this.backoff, failures, this.random));
    this.addAfter(key, retryMs);
    return retryMs;
  }
}
