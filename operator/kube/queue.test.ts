import { FakeClock, settled } from './clock.testing';
import { ApiError, TerminalError } from './errors';
import { WorkQueue, type QueueRun, type WorkResult } from './queue';

type Failure = readonly [key: string, message: string, retryMs: number];

/** A running queue on a fake clock. The test ends each pass. */
function running(concurrency = 1) {
  const clock = new FakeClock();
  const queue = new WorkQueue({ baseDelayMs: 100, maxDelayMs: 1000, clock, random: () => 1 });
  const stop = new AbortController();
  const started: string[] = [];
  const failed: Failure[] = [];
  const open = new Map<string, (end: () => WorkResult) => void>();
  const options: QueueRun = {
    concurrency,
    signal: stop.signal,
    work: (key) => {
      started.push(key);
      return new Promise((resolve, reject) => {
        open.set(key, (end) => {
          try {
            resolve(end());
          } catch (error) {
            reject(error);
          }
        });
      });
    },
    onError: (key, error, retryMs) => failed.push([key, (error as Error).message, retryMs]),
  };
  const end = async (key: string, how: () => WorkResult = () => undefined): Promise<void> => {
    const close = open.get(key);
    if (close === undefined) throw new Error(`no pass of ${key} runs`);
    open.delete(key);
    close(how);
    await settled();
  };
  const fail = (key: string, error: Error): Promise<void> =>
    end(key, () => {
      throw error;
    });
  return { clock, queue, stop, started, failed, open, end, fail, options, ended: queue.run(options) };
}

describe('a work queue', () => {
  it('runs one pass for a key that was added several times', async () => {
    const { queue, started, end, open } = running();
    for (let time = 0; time < 5; time += 1) queue.add('a');
    expect(queue.depth).toBe(1);
    await settled();
    await end('a');
    expect(started).toEqual(['a']);
    expect(queue.depth).toBe(0);
    expect(open.size).toBe(0);
  });

  it('runs another pass for a key that was added during its pass, after that pass has ended', async () => {
    const { queue, started, end } = running(2);
    queue.add('a');
    await settled();
    queue.add('a');
    queue.add('a');
    await settled();
    expect(started).toEqual(['a']);
    await end('a');
    expect(started).toEqual(['a', 'a']);
    await end('a');
    expect(started).toEqual(['a', 'a']);
  });

  it('runs as many passes at a time as concurrency allows, in the order of the keys', async () => {
    const { queue, started, end } = running(2);
    for (const key of ['a', 'b', 'c', 'd']) queue.add(key);
    await settled();
    expect(started).toEqual(['a', 'b']);
    await end('b');
    expect(started).toEqual(['a', 'b', 'c']);
  });

  it('adds a planned key at the earliest of its times', async () => {
    const { queue, clock, started } = running();
    queue.addAfter('a', 500);
    queue.addAfter('a', 200);
    queue.addAfter('a', 900);
    await clock.advance(199);
    expect(started).toEqual([]);
    await clock.advance(1);
    expect(started).toEqual(['a']);
  });

  it('adds a planned key also when a pass of it ran before', async () => {
    const { queue, clock, started, end } = running();
    queue.addAfter('a', 500);
    queue.add('a');
    await settled();
    await end('a');
    await clock.advance(499);
    expect(started).toEqual(['a']);
    await clock.advance(1);
    expect(started).toEqual(['a', 'a']);
  });

  it('adds the key again after the time that its pass returned', async () => {
    const { queue, clock, started, end } = running();
    queue.add('a');
    await settled();
    await end('a', () => ({ requeueAfterMs: 300 }));
    await clock.advance(299);
    expect(started).toEqual(['a']);
    await clock.advance(1);
    expect(started).toEqual(['a', 'a']);
  });

  it('tries a failed key again after growing waits, and begins with the first wait after a success', async () => {
    const { queue, clock, failed, fail, end } = running();
    queue.add('a');
    for (const ms of [100, 200, 400, 800, 1000, 1000]) {
      await settled();
      await fail('a', new Error('no'));
      expect(failed.at(-1)).toEqual(['a', 'no', ms]);
      await clock.advance(ms);
    }
    await end('a');
    queue.add('a');
    await settled();
    await fail('a', new Error('again'));
    expect(failed.at(-1)).toEqual(['a', 'again', 100]);
  });

  it('waits as long as the server asks, up to its own longest wait', async () => {
    const { queue, failed, fail, clock } = running();
    queue.add('a');
    await settled();
    await fail('a', new ApiError('busy', 429, '', 700));
    await clock.advance(700);
    await fail('a', new ApiError('busy', 429, '', 3_600_000));
    expect(failed.map(([, , ms]) => ms)).toEqual([700, 1000]);
  });

  it.each([
    ['a missing right', new ApiError('PATCH /x: HTTP 403 Forbidden', 403, 'Forbidden')],
    ['an invalid object', new ApiError('PATCH /x: HTTP 422 Invalid', 422, 'Invalid')],
    ['a bad manifest', new TerminalError('it needs metadata.namespace')],
  ])('does not try again before its longest wait after %s, unless the key is added', async (_what, error) => {
    const { queue, clock, started, failed, fail, end } = running();
    queue.add('a');
    await settled();
    await fail('a', error);
    expect(failed).toEqual([['a', error.message, 1000]]);
    await clock.advance(999);
    expect(started).toEqual(['a']);
    queue.add('a');
    await settled();
    expect(started).toEqual(['a', 'a']);
    await end('a');
  });

  it('runs passes of other keys while one waits for its next try', async () => {
    const { queue, started, fail } = running();
    queue.add('a');
    queue.add('b');
    await settled();
    await fail('a', new Error('no'));
    expect(started).toEqual(['a', 'b']);
  });

  it('waits for running passes when it is ended, and begins no further one', async () => {
    const { queue, stop, started, end, ended } = running();
    queue.add('a');
    queue.add('b');
    await settled();
    let over = false;
    void ended.then(() => (over = true));
    stop.abort();
    await settled();
    expect(over).toBe(false);
    await end('a');
    await ended;
    expect(started).toEqual(['a']);
    expect(queue.depth).toBe(1);
  });

  it('goes on with waiting and planned keys in its next run', async () => {
    const first = running();
    first.queue.add('a');
    first.queue.addAfter('b', 100);
    first.stop.abort();
    await first.ended;
    expect(first.clock.pending).toBe(0);
    const stop = new AbortController();
    const second: string[] = [];
    const work = (key: string): Promise<void> => Promise.resolve(void second.push(key));
    const ended = first.queue.run({ ...first.options, signal: stop.signal, work });
    await first.clock.advance(100);
    expect([...first.started, ...second]).toEqual(['a', 'b']);
    stop.abort();
    await ended;
  });

  it('lets timers run between passes that do no I/O', async () => {
    const queue = new WorkQueue();
    const stop = new AbortController();
    let passes = 0;
    setTimeout(() => stop.abort(), 20);
    const work = (key: string): Promise<void> => {
      // If timers could not run, the timer above would never end this.
      if (++passes > 1_000_000) stop.abort(new Error('starved'));
      queue.add(key);
      return Promise.resolve();
    };
    queue.add('a');
    await queue.run({ concurrency: 1, signal: stop.signal, work, onError: () => undefined });
    expect(stop.signal.reason).toMatchObject({ name: 'AbortError' });
    expect(passes).toBeGreaterThan(1);
  });

  it('refuses a second run at the same time', async () => {
    const { queue, options } = running();
    await expect(queue.run(options)).rejects.toThrow('it already runs');
  });

  it('goes on after an onError that throws', async () => {
    const warned = jest.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
    const clock = new FakeClock();
    const queue = new WorkQueue({ clock, random: () => 1 });
    const stop = new AbortController();
    let passes = 0;
    const ended = queue.run({
      concurrency: 1,
      signal: stop.signal,
      work: () => (++passes === 1 ? Promise.reject(new Error('no')) : Promise.resolve()),
      onError: () => {
        throw new Error('listener');
      },
    });
    queue.add('a');
    await clock.advance(50);
    expect(passes).toBe(2);
    expect(warned).toHaveBeenCalledWith('the onError callback of a work queue threw for a: listener');
    warned.mockRestore();
    stop.abort();
    await ended;
  });
});
