import { withdrawal } from './withdrawal';

const over = new AbortController();
const slept: number[] = [];
const clock = {
  sleep: (ms: number) => {
    slept.push(ms);
    return Promise.resolve();
  },
};
beforeEach(() => slept.splice(0));

/** One answer after the other; undefined is a check that fails. */
function answering(...answers: readonly (boolean | undefined)[]): () => Promise<boolean> {
  const left = [...answers];
  return () => {
    const answer = left.shift();
    return answer === undefined ? Promise.reject(new Error('no answer')) : Promise.resolve(answer);
  };
}

test('a right is asked for until it is refused', async () => {
  expect(await withdrawal(answering(true, true, false), 30, over.signal, clock)).toMatchObject({ code: 403, reason: 'Forbidden' });
  expect(slept).toEqual([30, 30, 30]);
});

test('one check that could not be made ends nothing, and two in a row do', async () => {
  expect(await withdrawal(answering(undefined, true, undefined, false), 30, over.signal, clock)).toMatchObject({ code: 403 });
  expect(await withdrawal(answering(true, undefined, undefined, true), 30, over.signal, clock)).toMatchObject({ code: 503 });
});

test('nothing is asked for after the signal is aborted', async () => {
  const ended = new AbortController();
  const asked: number[] = [];
  const asking = withdrawal(() => Promise.resolve(asked.push(1) > 0), 10_000, ended.signal);
  ended.abort();
  expect(await asking).toBeUndefined();
  expect(asked).toEqual([]);
});
