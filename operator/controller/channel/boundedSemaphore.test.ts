// The order in which works run, and which are rejected.
import { BoundedSemaphore } from './boundedSemaphore';

function setUp(options: { permits?: number; maxWaiting?: number; maxWaitMs?: number } = {}) {
  const clock = { now: 0 };
  const semaphore = new BoundedSemaphore({ permits: 2, maxWaiting: 3, maxWaitMs: 1000, now: () => clock.now, ...options });
  const begun: string[] = [];
  const finish = new Map<string, (failed?: boolean) => void>();
  const run = (name: string, isWanted?: () => boolean): Promise<string> =>
    semaphore.run(() => {
      begun.push(name);
      return new Promise((resolve, reject) => finish.set(name, (failed) => (failed === true ? reject(new Error(name)) : resolve(name))));
    }, isWanted);
  return { clock, begun, finish, run };
}
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('as many works run at a time as there are permits, in order, also after one fails', async () => {
  const { begun, finish, run } = setUp();
  const results = Promise.allSettled(['a', 'b', 'c', 'd'].map((name) => run(name)));
  await settled();
  expect(begun).toEqual(['a', 'b']);
  finish.get('b')?.(true);
  await settled();
  expect(begun).toEqual(['a', 'b', 'c']);
  finish.get('a')?.();
  await settled();
  finish.get('c')?.();
  finish.get('d')?.();
  expect((await results).map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled', 'fulfilled']);
});

test('a work is rejected at once when too many wait', async () => {
  const { run } = setUp();
  for (const name of ['a', 'b', 'c', 'd', 'e']) void run(name);
  await expect(run('f')).rejects.toThrow('3 are waiting already');
});

test('a work that has waited too long is rejected when its turn comes', async () => {
  const { begun, clock, finish, run } = setUp({ permits: 1 });
  void run('a');
  const late = expect(run('b')).rejects.toThrow('waited too long');
  await settled();
  clock.now = 500;
  const inTime = run('c');
  clock.now = 1200;
  finish.get('a')?.();
  await late;
  await settled();
  expect(begun).toEqual(['a', 'c']);
  finish.get('c')?.();
  await expect(inTime).resolves.toBe('c');
});

test('a work that is no longer wanted takes no permit and no place among the waiters', async () => {
  const { begun, finish, run } = setUp({ permits: 1 });
  let there = true;
  void run('a');
  const gone = ['b', 'c', 'd'].map((name) => expect(run(name, () => there)).rejects.toThrow('waited too long'));
  await settled();
  there = false;
  void run('e');
  await Promise.all(gone);
  const left = expect(run('f', () => there)).rejects.toThrow('waited too long');
  void run('g');
  finish.get('a')?.();
  await settled();
  finish.get('e')?.();
  await left;
  await settled();
  expect(begun).toEqual(['a', 'e', 'g']);
});
