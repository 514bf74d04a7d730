import fc from 'fast-check';
import { setTimeout as pause } from 'node:timers/promises';
import { fastClock } from './clock.testing';
import { collection, ListWatchServer, until, type Stored } from './listWatchServer.testing';
import { Reflector } from './reflector';

const name = fc.constantFrom('a', 'b', 'c', 'd', 'e');
const step = fc.oneof(
  { weight: 12, arbitrary: fc.record({ do: fc.constant('put' as const), name, value: fc.nat() }) },
  { weight: 5, arbitrary: fc.record({ do: fc.constant('delete' as const), name }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('repeat' as const), back: fc.nat({ max: 4 }) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('pause' as const), ms: fc.nat({ max: 8 }) }) },
  { weight: 6, arbitrary: fc.record({ do: fc.constant('follow' as const) }) },
  {
    weight: 9,
    arbitrary: fc.record({
      do: fc.constantFrom('bookmark', 'compact', 'expireWatches', 'endWatches', 'resetConnections', 'deafen', 'garbage', 'unreadable', 'error'),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constant('fault' as const), fault: fc.constantFrom(429, 500, 503, 410, 'reset' as const, 'garbage' as const) }),
  },
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

function faultOf(fault: number | 'reset' | 'garbage'): ListWatchServer['faults'][number] {
  if (typeof fault === 'string') return { kind: fault };
  return { kind: 'status', code: fault, ...(fault === 429 ? { retryAfter: '1' } : {}) };
}

const parse = (raw: unknown): Stored => {
  const object = raw as Stored;
  if (typeof object.value !== 'number') throw new Error('no value');
  return object;
};

/** A server, a reflector of it, and a record of the reflector's calls of onChange. */
class Driver {
  readonly server = new ListWatchServer();
  /** Broken rules. They are not thrown, because the reflector would take an error for one of its callback. */
  readonly violations: string[] = [];
  private readonly told = new Map<string, Stored>();
  /** Key → the newest state that onChange got, deletions included. */
  private readonly newest = new Map<string, number>();
  private readonly stop = new AbortController();
  private running: Promise<void> = Promise.resolve();
  reflector: Reflector<Stored> | undefined;

  async start(): Promise<void> {
    const client = await this.server.start();
    // A thousand times as fast: a back-off of 1 s takes 1 ms, and a watch is considered dead after a fifth to half of a second.
    this.reflector = new Reflector<Stored>({
      client,
      path: collection,
      parse,
      onChange: (key, object) => this.hear(key, object),
      clock: fastClock(1000),
    });
    this.running = this.reflector.run(this.stop.signal);
  }

  async end(): Promise<void> {
    this.stop.abort();
    await this.running;
    await this.server.stop();
  }

  async take(step: Step): Promise<void> {
    const { server } = this;
    switch (step.do) {
      case 'put':
        return server.put(step.name, step.value);
      case 'delete':
        return server.delete(step.name);
      case 'repeat':
        return server.repeat(step.back);
      case 'pause':
        return void (await pause(step.ms));
      case 'follow':
        return this.follow();
      case 'fault':
        return void server.faults.push(faultOf(step.fault));
      case 'garbage':
        return server.send('{"type":"ADD');
      case 'unreadable':
        return server.send({ type: 'ADDED', object: { metadata: { name: 'x', namespace: 'ns' }, value: null } });
      case 'error':
        return server.send({ type: 'ERROR', object: { kind: 'Status', code: 500, message: 'told to' } });
      default:
        return server[step.do]();
    }
  }

  /** Waits until onChange got everything that the server has, and the reflector watches. */
  async follow(): Promise<void> {
    const expected = [...this.server.objects]
      .map(([key, { metadata }]) => `${key}@${metadata.resourceVersion}`)
      .sort()
      .join();
    const actual = (): string =>
      [...this.told]
        .map(([key, { metadata }]) => `${key}@${metadata.resourceVersion}`)
        .sort()
        .join();
    await until(() => this.server.openWatches === 1 && actual() === expected);
  }

  private hear(key: string, object: Stored | undefined): void {
    if (object === undefined) {
      this.told.delete(key);
      return;
    }
    const version = Number(object.metadata.resourceVersion);
    if (version <= (this.newest.get(key) ?? 0)) this.violations.push(`${key} was told at ${version} after ${this.newest.get(key)}`);
    this.newest.set(key, version);
    this.told.set(key, object);
  }
}

const byName = (one: Stored, other: Stored): number => one.metadata.name.localeCompare(other.metadata.name);

describe('a reflector under random failures', () => {
  it('ends with the objects of the server, has called onChange for every difference, and never with an older state than before', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60, size: 'max' }), async (steps) => {
        const driver = new Driver();
        await driver.start();
        try {
          for (const each of steps) await driver.take(each);
          // A last change, so that the test cannot end before the reflector has caught up.
          driver.server.put('last', 1);
          await driver.follow();
          expect([...(driver.reflector?.list() ?? [])].sort(byName)).toEqual([...driver.server.objects.values()].sort(byName));
          expect(driver.violations).toEqual([]);
        } finally {
          await driver.end();
        }
      }),
      // Without shrinking: a run that does not converge takes seconds, and shrinking it takes minutes.
      { numRuns: 60, endOnFailure: true },
    );
  });
});
