import { duration } from './duration';

describe('a duration', () => {
  it.each([
    ['0', 0],
    ['250ms', 250],
    ['90s', 90_000],
    ['1h30m', 5_400_000],
  ])('%s is %d ms', (text, ms) => {
    expect(duration(text)).toBe(ms);
  });

  it.each(['600h', '99999999999999999999h', '35791m395s'])('%p is longer than a timer can wait, and is rejected', (text) => {
    expect(() => duration(text)).toThrow('longer than 596h, which is the longest');
  });

  it.each(['', '5', 'm', '-1s', '1.5s', '5m '])('%p is rejected', (text) => {
    expect(() => duration(text)).toThrow('not a duration such as 90s or 5m');
  });
});
