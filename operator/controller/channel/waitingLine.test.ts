// Who is served when, and who is sent away.
import { WaitingLine } from './waitingLine';

function setUp(options: { atOnce?: number; longest?: number; patienceMs?: number } = {}) {
  const clock = { now: 0 };
  const line = new WaitingLine({ atOnce: 2, longest: 3, patienceMs: 1000, now: () => clock.now, ...options });
  const begun: string[] = [];
  const finish = new Map<string, (failed?: boolean) => void>();
  const run = (name: string, wanted?: () => boolean): Promise<string> =>
    line.run(() => {
      begun.push(name);
      return new Promise((resolve, reject) => finish.set(name, (failed) => (failed === true ? reject(new Error(name)) : resolve(name))));
    }, wanted);
  return { clock, begun, finish, run };
}
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('works on a few at a time, in the order they came, also when one fails', async () => {
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

test('sends away whoever finds the line too long', async () => {
  const { run } = setUp();
  for (const name of ['a', 'b', 'c', 'd', 'e']) void run(name);
  await expect(run('f')).rejects.toThrow('3 are waiting already');
});

test('passes over whoever has waited too long', async () => {
  const { begun, clock, finish, run } = setUp({ atOnce: 1 });
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

test('who has gone away keeps no place, neither from the next nor from a newcomer', async () => {
  const { begun, finish, run } = setUp({ atOnce: 1 });
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
