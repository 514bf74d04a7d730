import { identify, isRunning } from './processes';

test('a process is running while its number and its start match', () => {
  expect(isRunning(identify(process.pid))).toBe(true);
});

test('a number that another process has taken over is not the process that was meant', () => {
  expect(isRunning({ pid: process.pid, startTicks: '1' })).toBe(false);
});

test('identifying a process that does not exist says so', () => {
  expect(() => identify(2 ** 30)).toThrow(/does not exist/);
});
