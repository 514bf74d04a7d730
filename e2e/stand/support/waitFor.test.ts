import { waitFor } from './waitFor';

test('waitFor returns the first value that is neither undefined nor false', async () => {
  const answers = [undefined, false, 'seen'] as const;
  let looks = 0;
  await expect(waitFor('an answer', () => answers[looks++], { everyMs: 1 })).resolves.toBe('seen');
  expect(looks).toBe(3);
});

test('waitFor goes on waiting when a look throws', async () => {
  let looks = 0;
  const look = (): string => {
    if (looks++ === 0) throw new Error('not there');
    return 'there';
  };
  await expect(waitFor('it', look, { everyMs: 1 })).resolves.toBe('there');
});

test('when the time is over the error says what was awaited and has the last error', async () => {
  const look = (): never => {
    throw new Error('connection refused');
  };
  await expect(waitFor('the server', look, { timeoutMs: 5, everyMs: 1 })).rejects.toThrow(/for the server: last error: connection refused/);
});
