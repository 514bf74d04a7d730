import { Refusals } from './refusals';

function setUp() {
  const clock = { now: 0 };
  return { clock, refusals: new Refusals(() => clock.now) };
}

test('the reason of a refused token is remembered for ten seconds', () => {
  const { clock, refusals } = setUp();
  refusals.add('t', 'it has expired', '10.0.0.7');
  expect([refusals.of('t'), refusals.of('u')]).toEqual(['it has expired', undefined]);
  clock.now = 10_000;
  expect(refusals.of('t')).toBeUndefined();
});

test('an address that sends many wrong tokens is doubted for a minute', () => {
  const { clock, refusals } = setUp();
  for (let each = 0; each < 8; each += 1) refusals.add(`t${each}`, 'no', '10.0.0.7');
  expect(refusals.doubts('10.0.0.7')).toBe(false);
  refusals.add('t8', 'no', '10.0.0.7');
  expect([refusals.doubts('10.0.0.7'), refusals.doubts('10.0.0.8')]).toEqual([true, false]);
  clock.now = 60_000;
  expect(refusals.doubts('10.0.0.7')).toBe(false);
});

test('an address that many agents share is not doubted because of a few wrong tokens', () => {
  const { refusals } = setUp();
  for (let each = 0; each < 1000; each += 1) refusals.accepted('10.0.0.7');
  for (let each = 0; each < 1000; each += 1) refusals.add(`t${each}`, 'no', '10.0.0.7');
  expect(refusals.doubts('10.0.0.7')).toBe(false);
});

test('the number of remembered tokens is bounded', () => {
  const { refusals } = setUp();
  const address = (each: number): string => `10.${each >> 8}.${each & 255}.1`;
  for (let each = 0; each < 20_000; each += 1) for (let token = 0; token < 9; token += 1) refusals.add(`t${each}`, 'no', address(each));
  expect([refusals.of('t0'), refusals.of('t19999'), refusals.doubts(address(0)), refusals.doubts(address(19_999))]).toEqual([
    undefined,
    'no',
    false,
    true,
  ]);
});
