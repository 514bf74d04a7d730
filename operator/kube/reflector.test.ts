import { z } from 'zod';
import { fastClock } from './clock.testing';
import type { KubeClient } from './client';
import { collection, ListWatchServer, until, type Stored } from './listWatchServer.testing';
import { Reflector, type ReflectorOptions } from './reflector';

const stored = z.object({
  metadata: z.object({ name: z.string(), namespace: z.string(), resourceVersion: z.string() }),
  value: z.number(),
});

let server: ListWatchServer;
let client: KubeClient;
let stop: AbortController;
let running: Promise<void>;
const changes: [key: string, value: number | undefined][] = [];
const lines: string[] = [];

/** A running reflector whose clock runs a hundred times as fast. */
function reflect(options: Partial<ReflectorOptions<Stored>> = {}): Reflector<Stored> {
  const reflector = new Reflector<Stored>({
    client,
    path: collection,
    parse: (raw) => stored.parse(raw),
    onChange: (key, object) => changes.push([key, object?.value]),
    log: (level, message) => lines.push(`${level} ${message}`),
    clock: fastClock(100),
    random: () => 0.5,
    ...options,
  });
  running = reflector.run(stop.signal);
  return reflector;
}

const lists = (): string[] => server.requests.filter((request) => !request.includes('watch=true'));
const watches = (): string[] => server.requests.filter((request) => request.includes('watch=true'));

beforeEach(async () => {
  server = new ListWatchServer();
  client = await server.start();
  stop = new AbortController();
  running = Promise.resolve();
  changes.length = 0;
  lines.length = 0;
});
afterEach(async () => {
  stop.abort();
  await running;
  await server.stop();
});

describe('a reflector', () => {
  it('lists in pages of 500 until it has every object', async () => {
    for (let each = 0; each < 1201; each += 1) server.put(`o${each}`, each);
    const reflector = reflect({ query: { labelSelector: 'a=b' } });
    expect(reflector.hasSynced).toBe(false);
    await reflector.synced;
    expect(reflector.hasSynced).toBe(true);
    expect(reflector.list()).toHaveLength(1201);
    expect(reflector.get('ns/o1200')?.value).toBe(1200);
    expect(lists()).toHaveLength(3);
    expect(changes).toHaveLength(1201);
    await until(() => server.openWatches === 1);
    expect(watches()[0]).toBe(`GET ${collection}?labelSelector=a%3Db&watch=true&allowWatchBookmarks=true&resourceVersion=1301&timeoutSeconds=450`);
  });

  it('follows additions, changes and deletions', async () => {
    const reflector = reflect();
    await until(() => server.openWatches === 1);
    server.put('a', 1);
    server.put('a', 2);
    server.put('b', 3);
    server.delete('a');
    await until(() => changes.length === 4);
    expect(changes).toEqual([
      ['ns/a', 1],
      ['ns/a', 2],
      ['ns/b', 3],
      ['ns/a', undefined],
    ]);
    expect(reflector.list().map(({ value }) => value)).toEqual([3]);
  });

  it('begins the next watch from the last version, also one of a bookmark', async () => {
    reflect();
    await until(() => server.openWatches === 1);
    server.put('a', 1);
    await until(() => changes.length === 1);
    server.endWatches();
    await until(() => watches().length === 2 && server.openWatches === 1);
    expect(watches()[1]).toContain('resourceVersion=101');
    server.send({ type: 'BOOKMARK', object: { metadata: { resourceVersion: '170' } } });
    server.endWatches();
    await until(() => watches().length === 3);
    expect(watches()[2]).toContain('resourceVersion=170');
    expect(lists()).toHaveLength(1);
  });

  it('lists again when its version has expired, and finds the changes that it missed', async () => {
    server.put('a', 1);
    server.put('b', 2);
    const reflector = reflect();
    await until(() => server.openWatches === 1);
    server.deafen();
    server.delete('a');
    server.put('c', 3);
    server.put('b', 4);
    for (const name of ['d', 'e']) server.put(name, 5);
    server.delete('d');
    server.compact();
    server.resetConnections();
    await until(() => reflector.get('ns/e') !== undefined);
    expect(changes.slice(2)).toEqual([
      ['ns/a', undefined],
      ['ns/b', 4],
      ['ns/c', 3],
      ['ns/e', 5],
    ]);
    expect(lists()).toHaveLength(2);
  });

  it('lists again when an ERROR event of the watch says that its version has expired', async () => {
    reflect();
    await until(() => server.openWatches === 1);
    server.expireWatches();
    await until(() => lists().length === 2 && server.openWatches === 1);
    expect(lines).toEqual([expect.stringMatching(/^info reflecting .*HTTP 410 Expired.*; trying again in \d+ ms$/)]);
  });

  it('lists in one answer when a continue token expires', async () => {
    for (let each = 0; each < 600; each += 1) server.put(`o${each}`, each);
    const request: KubeClient['request'] = async (method, path, options) => {
      const answer = await client.request(method, path, options);
      if (server.requests.length === 1) server.compact();
      return answer;
    };
    const reflector = reflect({ client: { ...client, request } });
    await reflector.synced;
    expect(reflector.list()).toHaveLength(600);
    expect(lists().map((line) => line.replace(/continue=[^&]*/, 'continue'))).toEqual([
      `GET ${collection}?limit=500`,
      `GET ${collection}?limit=500&continue`,
      `GET ${collection}`,
    ]);
  });

  it('lists again after the server has refused the same watch three times', async () => {
    reflect();
    await until(() => server.openWatches === 1);
    for (let each = 0; each < 3; each += 1) server.faults.push({ kind: 'status', code: 504, reason: 'Timeout' });
    server.endWatches();
    await until(() => lists().length === 2);
    const kinds = server.requests.map((request) => (request.includes('watch=true') ? 'watch' : 'list'));
    expect(kinds.slice(0, 6)).toEqual(['list', 'watch', 'watch', 'watch', 'watch', 'list']);
  });

  it('waits as long as Retry-After says', async () => {
    const waits: number[] = [];
    const clock = { ...fastClock(1000), sleep: (ms: number) => Promise.resolve(void waits.push(ms)) };
    server.faults.push(
      { kind: 'status', code: 429, retryAfter: '20' },
      { kind: 'status', code: 503 },
      { kind: 'status', code: 429, retryAfter: '999999' },
    );
    await reflect({ clock, random: () => 0 }).synced;
    expect(waits).toEqual([20_000, 800, 120_000]);
  });

  it('has a back-off from 0.8 s to 30 s', async () => {
    const waits: number[] = [];
    const clock = { ...fastClock(1), sleep: (ms: number) => Promise.resolve(void waits.push(ms)) };
    for (let each = 0; each < 8; each += 1) server.faults.push({ kind: 'status', code: 500 });
    await reflect({ clock, random: () => 1 }).synced;
    expect(waits).toEqual([800, 1600, 3200, 6400, 12_800, 25_600, 30_000, 30_000]);
  });

  it('ends a watch without events 30 s after its end, and begins another', async () => {
    const reflector = reflect({ clock: fastClock(2000) });
    await until(() => server.openWatches === 1);
    server.deafen();
    server.put('a', 1);
    await until(() => reflector.get('ns/a') !== undefined);
    expect(lines.join()).toContain('nothing received for 480000 ms; the watch is considered dead');
    expect(lists()).toHaveLength(1);
  });

  it('ends a watch without events after 180 s when the server has sent bookmarks before', async () => {
    const reflector = reflect({ clock: fastClock(2000) });
    await until(() => server.openWatches === 1);
    server.bookmark();
    server.deafen();
    server.put('a', 1);
    await until(() => reflector.get('ns/a') !== undefined);
    expect(lines.join()).toContain('nothing received for 180000 ms; the watch is considered dead');
  });

  it('begins a watch again from its last version when it is doubted, without a list', async () => {
    const reflector = reflect();
    reflector.doubt();
    await until(() => server.openWatches === 1);
    server.deafen();
    server.put('a', 1);
    reflector.doubt();
    await until(() => reflector.get('ns/a') !== undefined);
    expect(lines).toEqual([expect.stringContaining('another request got no answer; the watch is considered dead; trying again in ')]);
    expect(lists()).toHaveLength(1);
  });

  it('leaves out an unreadable object, and keeps the last readable state of a known one', async () => {
    server.put('good', 1);
    server.put('known', 2);
    const unreadable = (name: string, resourceVersion: string): unknown => ({ metadata: { name, namespace: 'ns', resourceVersion }, value: 'x' });
    const reflector = reflect();
    await until(() => server.openWatches === 1);
    server.send({ type: 'MODIFIED', object: unreadable('known', '200') });
    server.send({ type: 'ADDED', object: unreadable('new', '201') });
    server.send({ type: 'ADDED', object: { metadata: {} } });
    server.send({ type: 'ADDED', object: { metadata: { name: 'last', namespace: 'ns', resourceVersion: '202' }, value: 9 } });
    await until(() => reflector.get('ns/last') !== undefined);
    expect(reflector.get('ns/known')?.value).toBe(2);
    expect(reflector.get('ns/new')).toBeUndefined();
    expect(lines).toEqual([
      expect.stringMatching(/^warn reflecting \S+: reading ns\/known at version 200: .*; its last readable state is kept$/),
      expect.stringMatching(/^warn reflecting \S+: reading ns\/new at version 201: .*; it is left out$/),
      expect.stringContaining('an object without a name is left out'),
    ]);
  });

  it('goes on after an onChange that throws', async () => {
    server.put('a', 1);
    const reflector = reflect({
      onChange: () => {
        throw new Error('listener');
      },
    });
    await until(() => server.openWatches === 1);
    server.put('b', 2);
    await until(() => reflector.get('ns/b') !== undefined);
    expect(lines).toEqual([
      'warn reflecting /api/v1/things: handling the change of ns/a: listener',
      'warn reflecting /api/v1/things: handling the change of ns/b: listener',
    ]);
  });

  it('calls onChange once for each change', async () => {
    server.put('a', 1);
    const reflector = reflect();
    await until(() => server.openWatches === 1);
    server.put('b', 2);
    server.put('a', 3);
    server.delete('b');
    for (const back of [3, 2, 1, 0]) server.repeat(back);
    server.put('end', 0);
    await until(() => reflector.get('ns/end') !== undefined);
    expect(changes).toEqual([
      ['ns/a', 1],
      ['ns/b', 2],
      ['ns/a', 3],
      ['ns/b', undefined],
      ['ns/end', 0],
    ]);
  });

  it('lists again on refresh, whatever state its watch is in', async () => {
    server.put('a', 1);
    const reflector = reflect();
    await until(() => server.openWatches === 1);
    server.deafen();
    server.put('a', 2);
    server.put('b', 3);
    await reflector.refresh();
    expect(reflector.get('ns/a')?.value).toBe(2);
    expect(reflector.get('ns/b')?.value).toBe(3);
    expect(lists()).toHaveLength(2);
    await until(() => server.openWatches === 1);
    server.put('c', 4);
    await until(() => reflector.get('ns/c') !== undefined);
    expect(lines).toEqual([]);
  });

  it('lists again at once on refresh, also while it waits after a failure', async () => {
    const reflector = reflect({ clock: fastClock(0.001) });
    await until(() => server.openWatches === 1);
    server.resetConnections();
    await until(() => lines.length === 1);
    server.put('a', 1);
    await reflector.refresh();
    expect(reflector.get('ns/a')?.value).toBe(1);
  });

  it('resolves refresh when it ends', async () => {
    const reflector = reflect();
    await reflector.synced;
    server.faults.push({ kind: 'reset' }, { kind: 'reset' });
    const refreshed = reflector.refresh();
    stop.abort();
    await refreshed;
  });

  it('ends when its signal is aborted, also before its first list', async () => {
    server.faults.push({ kind: 'reset' }, { kind: 'reset' });
    const reflector = reflect();
    stop.abort();
    await running;
    await reflector.synced;
    expect(reflector.hasSynced).toBe(false);
  });

  it('tries again and again, at growing intervals, while the server is unreachable', async () => {
    const reflector = reflect({ clock: fastClock(1000) });
    await reflector.synced;
    await server.stop();
    await until(() => lines.length >= 9);
    const waits = lines.map((line) => Number(/again in (\d+) ms/.exec(line)?.[1]));
    // on a busy machine the broken watch and the refused connection may both count as first failures
    expect([...new Set(waits)].slice(0, 7)).toEqual([600, 1200, 2400, 4800, 9600, 19_200, 22_500]);
    expect(reflector.hasSynced).toBe(true);
    server = new ListWatchServer();
    await server.start();
  });
});
