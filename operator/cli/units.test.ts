import { age, bytes } from './units';

describe('bytes', () => {
  it.each([
    [0, '0 B'],
    [1023, '1023 B'],
    [1024, '1.0 KiB'],
    [1536, '1.5 KiB'],
    [214_748_365, '205 MiB'],
    [2 ** 40, '1.0 TiB'],
    [Number.MAX_SAFE_INTEGER, '8.0 PiB'],
  ])('%d is written as %s', (count, text) => {
    expect(bytes(count)).toBe(text);
  });
});

describe('an age', () => {
  const now = new Date('2026-03-02T12:00:00Z');
  it.each([
    ['2026-03-02T11:59:18Z', '42s'],
    ['2026-03-02T11:55:00Z', '5m'],
    ['2026-03-02T02:30:00Z', '9h'],
    ['2026-02-28T12:00:00Z', '2d'],
    ['2026-03-02T12:00:05Z', '0s'],
  ])('since %s is %s', (since, text) => {
    expect(age(since, now)).toBe(text);
  });
});
