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
  { weight: 3, arbitrary: fc.record({ do: fc.constant('fault' as const), fault: fc.constantFrom(429, 500, 503, 410, 'reset' as const, 'garbage' as const) }) },
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

/** A server, a reflector of it, and the books of what the reflector has told. */
class Driver {
  readonly server = new ListWatchServer();
  /** Rules that were broken; not thrown, because the reflector would take it for a listener's mistake. */
  readonly violations: string[] = [];
  private readonly told = new Map<string, Stored>();
  /** The newest state told of each key, deleted ones too. */
  private readonly newest = new Map<string, number>();
  private readonly stop = new AbortController();
  private running: Promise<void> = Promise.resolve();
  reflector: Reflector<Stored> | undefined;

  async start(): Promise<void> {
    const client = await this.server.start();
    // A thousand times as fast: 1 ms for a backoff of 1 s, a tenth of a second for a watch to be taken for dead.
    this.reflector = new Reflector<Stored>({ client, path: collection, parse, onChange: (key, object) => this.hear(key, object), clock: fastClock(1000) });
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

  /** Waits until the reflector has told of all that the server holds, and watches it. */
  async follow(): Promise<void> {
    const expected = [...this.server.objects].map(([key, { metadata }]) => `${key}@${metadata.resourceVersion}`).sort().join();
    const actual = (): string => [...this.told].map(([key, { metadata }]) => `${key}@${metadata.resourceVersion}`).sort().join();
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

describe('a reflector, whatever happens in whatever order', () => {
  it('comes to hold what the server holds, has told of every difference, and never of an older state than before', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60, size: 'max' }), async (steps) => {
        const driver = new Driver();
        await driver.start();
        try {
          for (const each of steps) await driver.take(each);
          // A last change, so that "nothing more to come" cannot be taken for "already there".
          driver.server.put('last', 1);
          await driver.follow();
          expect([...(driver.reflector?.list() ?? [])].sort(byName)).toEqual([...driver.server.objects.values()].sort(byName));
          expect(driver.violations).toEqual([]);
        } finally {
          await driver.end();
        }
      }),
      // Without shrinking: a run that does not converge takes seconds, and shrinking it minutes.
      { numRuns: 60, endOnFailure: true },
    );
  });
});
