// How programs that splice or ask FIONREAD become known, by each way that this kernel has; on the real kernel. Needs root.
import { existsSync, readdirSync, readlinkSync } from 'node:fs';
import type { WatchWay } from '../../operator/agent/datapath';
import { ScanSchedule } from '../../operator/agent/scanSchedule';
import { Fixture, selected, settings, until } from './fixture';
import { python, serve, talk, type Talk } from './traffic';

const port = 8000;
const steady: Talk = { connections: 2, messages: 2000, maxBytes: 2000, pauseMs: 5 };

let f: Fixture;
beforeEach(() => {
  f = new Fixture();
});
afterEach(() => f.remove());

/** Another agent takes over, for which the kernel has these ways only. */
function reopen(watch: readonly WatchWay[], learn: boolean): void {
  f.datapath.close();
  f.datapath = f.open({ watch });
  f.datapath.configure({ ...settings, learn });
  f.datapath.select([selected(f.client, 'front'), selected(f.server, 'back')], []);
}

/** Echoes a byte at a time. From the 20th turn on it reads by `odd`, which it tries first while nothing can be there. */
const serving = (odd: string): string => `
import fcntl,os,select,socket,struct
l=socket.create_server(('0.0.0.0',${port}));print('ready')
c,_=l.accept();c.setblocking(False);r,w=os.pipe();os.set_blocking(r,False)
def plain(): return c.recv(1)
def splice():
  try: os.splice(c.fileno(),w,1)
  except BlockingIOError: return b''
  return os.read(r,1)
def count():
  n=struct.unpack('i',fcntl.ioctl(c,0x541B,b'0000'))[0]
  return c.recv(n) if n else b''
def turn(read,then=None):
  select.select([c],[],[]);b=read()
  if then: then()
  if b: c.send(b)
for _ in range(19): turn(plain)
turn(plain,${odd})
while True: turn(${odd})
`;

const asking = (host: string): string => `
import select,socket,time
c=socket.socket();c.setblocking(False);c.connect_ex(('${host}',${port}));select.select([],[c],[])
def turn(): c.send(b'x');select.select([c],[],[]);assert c.recv(1)==b'x'
for _ in range(40): turn()
print('served')
time.sleep(60)
`;

/** Takes turns with a server, and then none. */
const resting = (host: string): string => asking(host).replace('range(40)', 'range(8)');

/** What this process has attached to system calls: a link to a tracepoint holds a perf event. */
function attached(): number {
  const targets = readdirSync('/proc/self/fd').map((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`);
    } catch {
      return ''; // the directory's own, closed by now
    }
  });
  return targets.filter((target) => target.includes('perf_event')).length;
}

const everyWay: readonly WatchWay[] = ['Functions', 'Reads', 'SystemCalls'];
const habits = [
  ['splices', 'splice', 'SplicingReader', everyWay],
  ['asks FIONREAD', 'count', 'CountingReader', ['Functions', 'SystemCalls']],
] as const;
const kinds = habits.flatMap(([what, odd, reason, ways]) => ways.map((way) => [what, way, odd, reason] as const));

test.each(kinds)('a program that %s late is known before the next message, and is served: by %s', async (_, way, odd, reason) => {
  // FIONREAD is not seen at reads
  reopen(way === 'Reads' ? ['Reads', 'SystemCalls'] : [way], false);
  if (f.datapath.watching === 'Never') {
    expect(existsSync('/sys/bus/event_source/devices/kprobe')).toBe(false);
    return;
  }
  if (way === 'SystemCalls') f.datapath.watchReaders(true);
  const server = python(f.node, f.server, serving(odd));
  expect((await server.lines.next()).value).toBe('ready');
  const client = python(f.node, f.client, asking(f.server.address));
  let served: unknown;
  void client.lines.next().then(({ value }) => (served = value));
  // a connection leaves the map by visits where its reader waits for bytes that FIONREAD does not count
  await until('all is served', () => f.datapath.visit().steps >= 0 && served === 'served', () => f.datapath.snapshot());
  await until('both ends say why', () => ['front', 'back'].every((namespace) => f.counters(namespace).reasons.get(reason) === 1), () => f.datapath.snapshot());
  expect(f.counters('front').fastBytes).toBeGreaterThanOrEqual(10n);
  expect(f.counters('front').fastBytes).toBeLessThanOrEqual(20n);
});

test('a connection that rests while it could join keeps nothing attached', async () => {
  reopen(['SystemCalls'], true);
  let time = 0;
  const visits = new ScanSchedule(() => time);
  const second = (): void => {
    visits.step(f.datapath, f.datapath.snapshot());
    time += 1000;
  };
  const before = attached();
  await serve(f.node, f.server, port);
  const client = python(f.node, f.client, resting(f.server.address));
  expect((await client.lines.next()).value).toBe('served');
  await until('it is learning', () => f.counters('front').reasons.get('Learning') === 1);
  second();
  expect(attached()).toBeGreaterThan(before);
  for (let n = 0; n < 5; n++) second();
  expect(f.counters('front').reasons.get('Learning')).toBe(1);
  for (let n = 0; n < 600; n++) {
    second();
    expect(attached()).toBe(before);
  }
});

test('connections are joined once their readers have been watched, and nothing is attached then', async () => {
  reopen(['SystemCalls'], true);
  let time = 0;
  const visits = new ScanSchedule(() => time);
  const before = attached();
  await serve(f.node, f.server, port);
  const talking = talk(f.node, f.client, f.server.address, port, steady);
  await until('they are accelerated', () => {
    visits.step(f.datapath, f.datapath.snapshot());
    time += 1000;
    return f.counters('front').accelerated === 2 && f.counters('back').accelerated === 2;
  });
  await until('nothing is attached', () => {
    visits.step(f.datapath, f.datapath.snapshot());
    time += 1000;
    return attached() === before;
  });
  expect(await talking).toMatchObject({ wrongBytes: 0, errors: [] });
});

test('where nothing can be seen of readers they stay on TCP, with the reason, and those that were known before are joined', async () => {
  reopen([], true);
  expect(f.datapath.watching).toBe('Never');
  await serve(f.node, f.server, port);
  const talking = talk(f.node, f.client, f.server.address, port, steady);
  await until('both ends say why', () => {
    f.datapath.visit(undefined, false);
    return ['front', 'back'].every((namespace) => f.counters(namespace).reasons.get('UnwatchedReader') === 2);
  });
  expect(f.counters('front').fastBytes).toBe(0n);
  reopen(['SystemCalls'], true);
  await until('they are accelerated', () => {
    f.datapath.visit();
    return f.counters('front').accelerated === 2;
  });
  reopen([], true);
  const again = talk(f.node, f.client, f.server.address, port, { ...steady, messages: 100 });
  await until('the next are too', () => f.counters('front').accelerated === 4);
  expect(await talking).toMatchObject({ wrongBytes: 0, errors: [] });
  expect(await again).toMatchObject({ wrongBytes: 0, errors: [] });
});

test('what stays attached is seen to when the agent is gone', async () => {
  reopen(['Functions', 'Reads', 'SystemCalls'], false);
  f.datapath.close();
  const server = python(f.node, f.server, serving('splice'));
  expect((await server.lines.next()).value).toBe('ready');
  const client = python(f.node, f.client, asking(f.server.address));
  expect((await client.lines.next()).value).toBe('served');
  f.datapath = f.open();
  await until('the reason is told', () => f.counters('back').reasons.get('SplicingReader') === 1);
});
