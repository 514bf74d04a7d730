// When a limit is reached or a map is full, connections stay on TCP, work as before and are counted. On the real kernel; needs root.
import { Fixture, settings, until } from '../../../ebpf/tests/fixture';
import { serve, shortTalk, talk, type Talk } from '../../../ebpf/tests/traffic';
import { flood } from './flood';

const port = 8000;
const fine = { wrongBytes: 0, errors: [] };
const slowTalk: Talk = { connections: 8, messages: 100, maxBytes: 2000, pauseMs: 20 };

let f: Fixture;
beforeEach(async () => {
  f = new Fixture();
  await serve(f.node, f.server, port);
});
afterEach(() => f.remove());

const talkOf = (how: Talk = shortTalk) => talk(f.node, f.client, f.server.address, port, how);
const bytes = (): { fast: bigint; tcp: bigint } => {
  const { fastBytes: fast, tcpBytes: tcp } = f.counters('front');
  return { fast, tcp };
};

test('beyond connections.max connections stay on TCP and are counted; when others have closed, new connections are joined', async () => {
  f.datapath.configure({ ...settings, maxConnections: 4 });
  const talking = talkOf(slowTalk);
  await until(
    'four are joined and four are not',
    () => f.counters('front').accelerated === 4 && f.counters('front').reasons.get('LimitReached') === 4,
  );
  expect(f.datapath.snapshot().joinedSockets).toBe(8);
  expect(await talking).toMatchObject(fine);
  const again = talkOf({ ...slowTalk, connections: 4 });
  await until('all are joined', () => f.counters('front').accelerated === 4 && f.counters('front').open === 4);
  expect(await again).toMatchObject(fine);
});

test.each(['pairing_results', 'origdsts'])(
  'while %s is full connections stay on TCP and are counted; once there is room they are joined',
  async (name) => {
    const empty = await flood(f.pins, name);
    const talking = talkOf(slowTalk);
    await until('the accepting ends count under LimitReached', () => f.counters('back').reasons.get('LimitReached') === 8);
    await until('the connecting ends have left the map with their first answers', () => f.datapath.snapshot().joinedSockets === 0);
    expect(await talking).toMatchObject(fine);
    expect(bytes().fast).toBe(0n);
    expect(bytes().tcp).toBeGreaterThan(0n);
    empty();
    expect(await talkOf()).toMatchObject(fine);
    expect(bytes().fast).toBeGreaterThan(0n);
  },
);

test.each(['pending', 'candidates', 'destinations', 'containers', 'spliced', 'seen_readers'])(
  'while %s is full of entries that belong to no connection, connections are joined',
  async (name) => {
    f.datapath.configure({ ...settings, learn: name === 'candidates' || name === 'destinations' });
    const empty = await flood(f.pins, name);
    const talking = talkOf({ ...slowTalk, messages: 300 });
    await until('all are joined', () => {
      f.datapath.scan();
      return f.counters('front').accelerated === 8 && f.counters('back').accelerated === 8;
    });
    expect(await talking).toMatchObject(fine);
    expect(bytes().fast).toBeGreaterThan(0n);
    empty();
  },
);

test('when the kernel grants a socket no storage, its connection stays on TCP and is counted as unseen', async () => {
  // sk_storage is charged to the socket's option memory, whose limit belongs to its network namespace (net/core/bpf_sk_storage.c, 6.18)
  f.node.exec(f.client, 'sysctl', '-qw', 'net.core.optmem_max=256');
  expect(await talkOf()).toMatchObject(fine);
  expect(f.counters('front')).toMatchObject({ open: 0, fastBytes: 0n, unseen: 8n });
  expect(f.counters('back').fastBytes).toBe(0n);
  expect(f.datapath.snapshot().joinedSockets).toBe(0);
});
