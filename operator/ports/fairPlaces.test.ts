import { FairPlaces } from './fairPlaces';

function setUp(lead: number) {
  const lost: string[] = [];
  return { lost, places: new FairPlaces<string>({ all: 4, lead }, (holder) => lost.push(holder)) };
}

test('the oldest of the address that has most gives way to another', () => {
  const { lost, places } = setUp(2);
  for (const each of ['a1', 'a2', 'a3', 'b1']) expect(places.take(each.slice(0, 1), each)).toBe(true);
  expect(places.take('c', 'c1')).toBe(true);
  expect(lost).toEqual(['a1']);
});

test('nobody gives way to his own address, nor to one that would then have as much more', () => {
  const { lost, places } = setUp(2);
  for (const each of ['a1', 'a2', 'b1', 'b2']) places.take(each.slice(0, 1), each);
  expect([places.take('a', 'a3'), places.take('b', 'b3')]).toEqual([false, false]);
  expect(places.take('c', 'c1')).toBe(true);
  expect(places.take('c', 'c2')).toBe(false);
  expect(lost).toEqual(['a1']);
});

test('without a lead every newcomer gets in, also of the same address', () => {
  const { lost, places } = setUp(0);
  for (let each = 1; each <= 6; each += 1) expect(places.take('a', `a${each}`)).toBe(true);
  expect(lost).toEqual(['a1', 'a2']);
});

test('who has had a place for long gives it to an address that has none, and to no other', () => {
  let now = 0;
  const lost: string[] = [];
  const places = new FairPlaces<string>({ all: 2, lead: 2, sureMs: 500 }, (holder) => lost.push(holder), () => now);
  places.take('a', 'a1');
  now = 100;
  places.take('b', 'b1');
  now = 499;
  expect(places.take('c', 'c1')).toBe(false);
  now = 500;
  expect([places.take('b', 'b2'), places.take('c', 'c1'), places.take('d', 'd1')]).toEqual([false, true, false]);
  expect(lost).toEqual(['a1']);
});

test('a place is given back once', () => {
  const { places } = setUp(2);
  for (const each of ['a1', 'a2', 'a3', 'a4']) places.take('a', each);
  places.giveBack('a', 'a1');
  places.giveBack('a', 'a1');
  expect([places.take('a', 'a5'), places.take('a', 'a6'), places.of('a')]).toEqual([true, false, 4]);
});
