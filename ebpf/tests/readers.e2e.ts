// How programs that splice or ask FIONREAD become known, in each way that this kernel has; on the running kernel. Needs root.
import { existsSync, readdirSync, readlinkSync } from 'node:fs';
import type { WatchWay } from '../../operator/agent/datapath';
import { ScanSchedule } from '../../operator/agent/scanSchedule';
import { Fixture, selected, settings, until } from './fixture';
import { script, serve, talk, type Program, type Talk } from './traffic';

const port = 8000;
const steady: Talk = { connections: 2, messages: 2000, maxBytes: 2000, pauseMs: 5 };

let f: Fixture;
beforeEach(() => {
  f = new Fixture();
});
afterEach(() => f.remove());

/** Another agent takes over, as if the kernel had only these ways to see how programs read. */
function reopen(watch: readonly WatchWay[], learn: boolean): void {
  f.datapath.close();
  f.datapath = f.open({ watch });
  f.datapath.configure({ ...settings, learn });
  f.datapath.select([selected(f.client, 'front'), selected(f.server, 'back')], []);
}

/** Starts a server whose reader begins to splice, or to ask FIONREAD, after some plain reads. */
async function startLate(how: 'splice' | 'count'): Promise<void> {
  const server = script(f.node, f.server, 'late_trait.py', 'server', String(port), how);
  expect((await server.lines.next()).value).toBe('ready');
}

/** Starts a client that takes so many turns with a server, says so, and rests. */
function startTurns(turns: number): Program {
  return script(f.node, f.client, 'late_trait.py', 'client', f.server.address, String(port), String(turns));
}

/** The number of programs that this process has attached to system calls: a link to a tracepoint holds a perf event. */
function attached(): number {
  const targets = readdirSync('/proc/self/fd').map((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`);
    } catch {
      return ''; // the descriptor of the directory itself, closed by now
    }
  });
  return targets.filter((target) => target.includes('perf_event')).length;
}

const everyWay: readonly WatchWay[] = ['Functions', 'Reads', 'SystemCalls'];
const traits = [
  ['splices', 'splice', 'SplicingReader', everyWay],
  ['asks FIONREAD', 'count', 'CountingReader', ['Functions', 'SystemCalls']],
] as const;
const kinds = traits.flatMap(([what, how, reason, ways]) => ways.map((way) => [what, way, how, reason] as const));

test.each(kinds)('a program that begins late and %s is known before the next message, and gets all bytes: by %s', async (_, way, how, reason) => {
  // the tracepoint of reads does not show FIONREAD
  reopen(way === 'Reads' ? ['Reads', 'SystemCalls'] : [way], false);
  if (f.datapath.watching === 'Never') {
    expect(existsSync('/sys/bus/event_source/devices/kprobe')).toBe(false);
    return;
  }
  if (way === 'SystemCalls') f.datapath.watchReaders(true);
  await startLate(how);
  const client = startTurns(40);
  let served: unknown;
  void client.lines.next().then(({ value }) => (served = value));
  // where the reader waits for bytes that FIONREAD does not count, the connection leaves the SOCKHASH by scans
  await until(
    'all turns are served',
    () => f.datapath.scan().steps >= 0 && served === 'served',
    () => f.datapath.snapshot(),
  );
  await until(
    'both ends have the reason',
    () => ['front', 'back'].every((namespace) => f.counters(namespace).reasons.get(reason) === 1),
    () => f.datapath.snapshot(),
  );
  expect(f.counters('front').fastBytes).toBeGreaterThanOrEqual(10n);
  expect(f.counters('front').fastBytes).toBeLessThanOrEqual(20n);
});

test('a connection that could join and is idle does not make the agent watch readers', async () => {
  reopen(['SystemCalls'], true);
  let time = 0;
  const schedule = new ScanSchedule(() => time);
  const second = (): void => {
    schedule.step(f.datapath, f.datapath.snapshot());
    time += 1000;
  };
  const before = attached();
  await serve(f.node, f.server, port);
  const client = startTurns(8);
  expect((await client.lines.next()).value).toBe('served');
  await until('the reason is Learning', () => f.counters('front').reasons.get('Learning') === 1);
  second();
  expect(attached()).toBeGreaterThan(before);
  for (let n = 0; n < 5; n++) second();
  expect(f.counters('front').reasons.get('Learning')).toBe(1);
  for (let n = 0; n < 600; n++) {
    second();
    expect(attached()).toBe(before);
  }
});

test('connections are joined once their readers were watched, and then nothing is attached', async () => {
  reopen(['SystemCalls'], true);
  let time = 0;
  const schedule = new ScanSchedule(() => time);
  const before = attached();
  await serve(f.node, f.server, port);
  const talking = talk(f.node, f.client, f.server.address, port, steady);
  await until('the connections are accelerated', () => {
    schedule.step(f.datapath, f.datapath.snapshot());
    time += 1000;
    return f.counters('front').accelerated === 2 && f.counters('back').accelerated === 2;
  });
  await until('nothing is attached', () => {
    schedule.step(f.datapath, f.datapath.snapshot());
    time += 1000;
    return attached() === before;
  });
  expect(await talking).toMatchObject({ wrongBytes: 0, errors: [] });
});

test('where readers cannot be watched, connections stay on TCP with that reason, and connections of readers known before are joined', async () => {
  reopen([], true);
  expect(f.datapath.watching).toBe('Never');
  await serve(f.node, f.server, port);
  const talking = talk(f.node, f.client, f.server.address, port, steady);
  await until('both ends have the reason', () => {
    f.datapath.scan(undefined, false);
    return ['front', 'back'].every((namespace) => f.counters(namespace).reasons.get('UnwatchedReader') === 2);
  });
  expect(f.counters('front').fastBytes).toBe(0n);
  reopen(['SystemCalls'], true);
  await until('the connections are accelerated', () => {
    f.datapath.scan();
    return f.counters('front').accelerated === 2;
  });
  reopen([], true);
  const again = talk(f.node, f.client, f.server.address, port, { ...steady, messages: 100 });
  await until('the next connections are accelerated too', () => f.counters('front').accelerated === 4);
  expect(await talking).toMatchObject({ wrongBytes: 0, errors: [] });
  expect(await again).toMatchObject({ wrongBytes: 0, errors: [] });
});

test('programs that stay attached see readers also when the agent is gone', async () => {
  reopen(['Functions', 'Reads', 'SystemCalls'], false);
  f.datapath.close();
  await startLate('splice');
  const client = startTurns(40);
  expect((await client.lines.next()).value).toBe('served');
  f.datapath = f.open();
  await until('the reason is SplicingReader', () => f.counters('back').reasons.get('SplicingReader') === 1);
});
