import fc from 'fast-check';
import { FakeClock, settled } from './clock.testing';
import { WorkQueue, type WorkResult } from './queue';

const key = fc.constantFrom('a', 'b', 'c', 'd');
const step = fc.oneof(
  { weight: 5, arbitrary: fc.record({ do: fc.constant('add' as const), key }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('later' as const), key, ms: fc.nat({ max: 400 }) }) },
  { weight: 5, arbitrary: fc.record({ do: fc.constant('end' as const), nth: fc.nat(), how: fc.constantFrom('done', 'requeue', 'fail') }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.nat({ max: 300 }) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('restart' as const) }) },
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

interface Pass {
  readonly key: string;
  readonly close: (how: string) => void;
}

/** Drives a queue step by step and records everything that the rules are checked against. */
class Driver {
  readonly clock = new FakeClock();
  readonly queue: WorkQueue;
  readonly open: Pass[] = [];
  /** Broken rules. They are not thrown, because the queue would take an error for a failed pass. */
  readonly violations: string[] = [];
  /** Key → the moment at which it was last added or planned, and at which its last pass began; moments are counted. */
  readonly added = new Map<string, number>();
  readonly begun = new Map<string, number>();
  private moment = 0;
  private stop = new AbortController();
  private ended: Promise<void> = Promise.resolve();

  constructor(
    private readonly concurrency: number,
    random: () => number,
  ) {
    this.queue = new WorkQueue({ baseDelayMs: 50, maxDelayMs: 500, clock: this.clock, random });
    this.start();
  }

  start(): void {
    this.stop = new AbortController();
    this.ended = this.queue.run({ concurrency: this.concurrency, signal: this.stop.signal, work: (key) => this.work(key), onError: () => undefined });
  }

  /** Ends the run and its passes, and begins another run. */
  async restart(): Promise<void> {
    this.stop.abort();
    while (this.open.length > 0) this.open.pop()?.close('done');
    await this.ended;
    this.start();
  }

  async shutdown(): Promise<void> {
    this.stop.abort();
    await this.ended;
  }

  async take(step: Step): Promise<void> {
    if (step.do === 'add') {
      this.added.set(step.key, ++this.moment);
      this.queue.add(step.key);
    } else if (step.do === 'later') {
      this.added.set(step.key, ++this.moment);
      this.queue.addAfter(step.key, step.ms);
    } else if (step.do === 'end') {
      this.open.splice(step.nth % Math.max(1, this.open.length), 1)[0]?.close(step.how);
    } else if (step.do === 'restart') {
      await this.restart();
    } else {
      await this.clock.advance(step.ms);
    }
    await settled();
  }

  /** Lets every pass succeed until no key is left. */
  async finish(): Promise<void> {
    for (let turn = 0; turn < 1000; turn += 1) {
      await this.clock.advance(1000);
      if (this.open.length === 0 && this.queue.depth === 0) return;
      while (this.open.length > 0) this.open.pop()?.close('done');
    }
    throw new Error('the queue does not come to rest');
  }

  private work(key: string): Promise<WorkResult> {
    if (this.open.some((pass) => pass.key === key)) this.violations.push(`two workers on ${key}`);
    if (this.open.length >= this.concurrency) this.violations.push('more workers than allowed');
    this.begun.set(key, ++this.moment);
    return new Promise((resolve, reject) => {
      const close = (how: string): void => {
        if (how === 'done') resolve();
        else if (how === 'requeue') resolve({ requeueAfterMs: 100 });
        else reject(new Error('no'));
      };
      this.open.push({ key, close });
    });
  }
}

describe('a work queue under random events', () => {
  it('never runs two passes of one key, and begins a pass after every time that a key was added or planned', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { maxLength: 60, size: 'max' }),
        fc.integer({ min: 1, max: 3 }),
        fc.double({ min: 0, max: 0.99, noNaN: true }),
        async (steps, concurrency, chance) => {
          const driver = new Driver(concurrency, () => chance);
          for (const each of steps) await driver.take(each);
          await driver.finish();
          for (const [key, moment] of driver.added) expect(driver.begun.get(key)).toBeGreaterThan(moment);
          expect(driver.violations).toEqual([]);
          await driver.shutdown();
          expect(driver.clock.pending).toBe(0);
        },
      ),
      { numRuns: 500 },
    );
  });
});
