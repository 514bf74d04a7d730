// For tests: clocks that the test moves.
import { sleepBy, type Clock } from './clock';

interface Timer {
  readonly at: number;
  readonly call: () => void;
}

export class FakeClock implements Clock {
  private readonly timers = new Set<Timer>();

  constructor(private time = 1_000_000) {}

  now(): number {
    return this.time;
  }

  after(ms: number, call: () => void): () => void {
    const timer = { at: this.time + ms, call };
    this.timers.add(timer);
    return () => this.timers.delete(timer);
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return sleepBy((time, call) => this.after(time, call), ms, signal);
  }

  /** Number of timers that wait. */
  get pending(): number {
    return this.timers.size;
  }

  /** Time passes and no timer runs, as in a stopped process. Timers that became due run with the next `advance`. */
  freeze(ms: number): void {
    this.time += ms;
  }

  /** Moves time on and calls due timers in the order of their times; promises settle after each call. */
  async advance(ms: number): Promise<void> {
    const end = this.time + ms;
    await settled();
    for (;;) {
      const due = [...this.timers].filter(({ at }) => at <= end).sort((one, other) => one.at - other.at)[0];
      if (due === undefined) break;
      this.time = Math.max(this.time, due.at);
      this.timers.delete(due);
      due.call();
      await settled();
    }
    this.time = end;
    await settled();
  }
}

/** The clock of one process on a common time. When the process is stopped, its timers wait and its clock goes on. */
export class StoppableClock implements Clock {
  private readonly waiting: (() => void)[] = [];
  private stopped = false;

  constructor(private readonly world: FakeClock) {}

  now(): number {
    return this.world.now();
  }

  after(ms: number, call: () => void): () => void {
    let valid = true;
    const guarded = (): void => {
      if (valid) call();
    };
    const cancel = this.world.after(ms, () => (this.stopped ? void this.waiting.push(guarded) : guarded()));
    return () => {
      valid = false;
      cancel();
    };
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return sleepBy((time, call) => this.after(time, call), ms, signal);
  }

  stop(): void {
    this.stopped = true;
  }

  wake(): void {
    this.stopped = false;
    for (const call of this.waiting.splice(0)) call();
  }
}

/** Waits until every promise that needs no I/O has settled; such promises may yield to the event loop three times at most. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 3; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

/** Real time, `factor` times as fast, for code that waits for real connections as well as for the clock. */
export function fastClock(factor: number): Clock {
  const after: Clock['after'] = (ms, call) => {
    const timer = setTimeout(call, ms / factor);
    return () => clearTimeout(timer);
  };
  return { now: () => performance.now() * factor, after, sleep: (ms, signal) => sleepBy(after, ms, signal) };
}
