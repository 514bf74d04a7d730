import { identify, isRunning } from './processes';

test('isRunning is true for a process whose id and start time match', () => {
  expect(isRunning(identify(process.pid))).toBe(true);
});

test('a process with the same id and another start time is not the identified process', () => {
  expect(isRunning({ pid: process.pid, startTicks: '1' })).toBe(false);
});

test('identifying a process that does not exist is an error that says so', () => {
  expect(() => identify(2 ** 30)).toThrow(/does not exist/);
});
