import fc from 'fast-check';
import { setTimeout as pause } from 'node:timers/promises';
import { fastClock } from './clock.testing';
import { collection, ListWatchServer, until, type Stored } from './listWatchServer.testing';
import { Reflector } from './reflector';

const name = fc.constantFrom('a', 'b', 'c', 'd', 'e');
const word = (text: string) => fc.constant(text);
const step = fc.oneof(
  { weight: 12, arbitrary: fc.tuple(word('put'), name, fc.nat()) },
  { weight: 5, arbitrary: fc.tuple(word('delete'), name, word('')) },
  { weight: 3, arbitrary: fc.tuple(word('repeat'), fc.nat({ max: 4 }), word('')) },
  { weight: 3, arbitrary: fc.tuple(word('pause'), fc.nat({ max: 8 }), word('')) },
  {
    weight: 9,
    arbitrary: fc.tuple(fc.constantFrom('bookmark', 'compact', 'expire', 'end', 'reset', 'deafen', 'garbage', 'unreadable', 'error'), word(''), word('')),
  },
  { weight: 3, arbitrary: fc.tuple(word('fault'), fc.constantFrom(429, 500, 503, 410, 0, 1), word('')) },
);

async function take(server: ListWatchServer, [what, first, second]: readonly [string, string | number, string | number]): Promise<void> {
  switch (what) {
    case 'put':
      return server.put(String(first), Number(second));
    case 'delete':
      return server.delete(String(first));
    case 'repeat':
      return server.repeat(Number(first));
    case 'pause':
      return pause(Number(first));
    case 'bookmark':
      return server.bookmark();
    case 'compact':
      return server.compact();
    case 'expire':
      return server.expireWatches();
    case 'end':
      return server.endWatches();
    case 'reset':
      return server.resetConnections();
    case 'deafen':
      return server.deafen();
    case 'garbage':
      return server.send('{"type":"ADD');
    case 'unreadable':
      return server.send({ type: 'ADDED', object: { metadata: { name: 'x', namespace: 'ns' }, value: null } });
    case 'error':
      return server.send({ type: 'ERROR', object: { kind: 'Status', code: 500, message: 'told to' } });
    default:
      server.faults.push(faultOf(Number(first)));
  }
}

function faultOf(code: number): ListWatchServer['faults'][number] {
  if (code === 0) return { kind: 'reset' };
  if (code === 1) return { kind: 'garbage' };
  return { kind: 'status', code, ...(code === 429 ? { retryAfter: '1' } : {}) };
}

const parse = (raw: unknown): Stored => {
  const object = raw as Stored;
  if (typeof object.value !== 'number') throw new Error('no value');
  return object;
};

describe('a reflector, whatever happens in whatever order', () => {
  it('comes to hold what the server holds, and has told of every difference', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
        const server = new ListWatchServer();
        const client = await server.start();
        const stop = new AbortController();
        const told = new Map<string, Stored>();
        const onChange = (key: string, object: Stored | undefined): void => void (object === undefined ? told.delete(key) : told.set(key, object));
        // A thousand times as fast: 1 ms for a backoff of 1 s, 180 ms for a watch to be taken for dead.
        const reflector = new Reflector<Stored>({ client, path: collection, parse, onChange, clock: fastClock(1000) });
        const running = reflector.run(stop.signal);
        try {
          for (const each of steps) await take(server, each);
          // A last change, so that "nothing more to come" cannot be taken for "already there".
          server.put('last', 1);
          const expected = (): unknown => [...server.objects].map(([key, { metadata }]) => [key, metadata.resourceVersion]).sort();
          const actual = (): unknown => [...told].map(([key, { metadata }]) => [key, metadata.resourceVersion]).sort();
          await until(() => JSON.stringify(actual()) === JSON.stringify(expected()));
          expect([...reflector.list()].sort(byName)).toEqual([...server.objects.values()].sort(byName));
          await reflector.synced;
        } finally {
          stop.abort();
          await running;
          await server.stop();
        }
      }),
      { numRuns: 150 },
    );
  });
});

const byName = (one: Stored, other: Stored): number => one.metadata.name.localeCompare(other.metadata.name);
