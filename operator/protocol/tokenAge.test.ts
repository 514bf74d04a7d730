// Tokens of long streams, with fake timers.
import { status } from '@grpc/grpc-js';
import { NotAuthenticated, Refused } from './refused';
import { TokenAge } from './tokenAge';

beforeEach(() => jest.useFakeTimers());
afterEach(() => jest.useRealTimers());

function setUp(authenticate: (token: string) => Promise<string>) {
  const accepted: string[] = [];
  const refused: [status, string][] = [];
  const accept = (identity: string): void => {
    if (identity.startsWith('other')) throw new NotAuthenticated('another agent');
    accepted.push(identity);
  };
  const age = new TokenAge({ authenticate, accept, onRefused: (code, reason) => refused.push([code, reason]), maxAgeMs: 1000, retryMs: 100 });
  return { age, accepted, refused };
}
const pass = (ms: number): Promise<void> => jest.advanceTimersByTimeAsync(ms);
const echo = (token: string): Promise<string> => Promise.resolve(token);

test('a stream without a fresh token ends when its first token is too old', async () => {
  const { refused } = setUp(echo);
  await pass(999);
  expect(refused).toEqual([]);
  await pass(1);
  expect(refused).toEqual([[status.UNAUTHENTICATED, 'the agent sent no fresh token in time']]);
});

test('each accepted token restarts the time', async () => {
  const { age, accepted, refused } = setUp(echo);
  for (const token of ['a', 'b', 'c']) {
    await pass(900);
    age.show(token);
  }
  await pass(900);
  expect([accepted, refused]).toEqual([['a', 'b', 'c'], []]);
  age.end();
  expect(jest.getTimerCount()).toBe(0);
});

test.each([
  ['a token that is refused', () => Promise.reject(new NotAuthenticated('it is over')), 'it is over'],
  ['a token of another agent', () => Promise.resolve('other'), 'another agent'],
])('%s ends the stream at once', async (_what, authenticate, why) => {
  const { age, refused } = setUp(authenticate);
  age.show('x');
  await pass(0);
  expect(refused).toEqual([[status.UNAUTHENTICATED, why]]);
  expect(jest.getTimerCount()).toBe(0);
});

test('a token that cannot be checked is checked again until the last accepted token is too old', async () => {
  let answers: (Error | undefined)[] = [new Error('no answer'), new Refused(status.RESOURCE_EXHAUSTED, 'too many'), undefined];
  const { age, accepted, refused } = setUp((token) => {
    const error = answers.shift();
    return error === undefined ? Promise.resolve(token) : Promise.reject(error);
  });
  age.show('x');
  await pass(250);
  expect(accepted).toEqual(['x']);
  answers = Array.from({ length: 50 }, () => new Error('no answer'));
  age.show('y');
  await pass(1000);
  expect(accepted).toEqual(['x']);
  expect(refused).toHaveLength(1);
});

test('tokens are checked one at a time, and of several waiting tokens only the latest', async () => {
  const asked: string[] = [];
  const { age, accepted } = setUp(async (token) => {
    asked.push(token);
    await new Promise((resolve) => setTimeout(resolve, 50));
    return token;
  });
  for (const token of ['a', 'b', 'c', 'd']) age.show(token);
  await pass(200);
  expect(asked).toEqual(['a', 'd']);
  expect(accepted).toEqual(['a', 'd']);
  age.end();
});
