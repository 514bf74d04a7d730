import { FairPlaces } from './fairPlaces';

function setUp(lead: number) {
  const lost: string[] = [];
  return { lost, places: new FairPlaces<string>({ all: 4, lead }, { onLost: (holder) => void lost.push(holder) }) };
}

test('the oldest holder of the address with most places loses its place to another address', () => {
  const { lost, places } = setUp(2);
  for (const each of ['a1', 'a2', 'a3', 'b1']) expect(places.take(each.slice(0, 1), each)).toBe(true);
  expect(places.take('c', 'c1')).toBe(true);
  expect(lost).toEqual(['a1']);
});

test('no place is taken for the same address, nor for one that has nearly as many places', () => {
  const { lost, places } = setUp(2);
  for (const each of ['a1', 'a2', 'b1', 'b2']) places.take(each.slice(0, 1), each);
  expect([places.take('a', 'a3'), places.take('b', 'b3')]).toEqual([false, false]);
  expect(places.take('c', 'c1')).toBe(true);
  expect(places.take('c', 'c2')).toBe(false);
  expect(lost).toEqual(['a1']);
});

test('with a lead of 0 every newcomer gets a place, also from its own address', () => {
  const { lost, places } = setUp(0);
  for (let each = 1; each <= 6; each += 1) expect(places.take('a', `a${each}`)).toBe(true);
  expect(lost).toEqual(['a1', 'a2']);
});

test('after reclaimAfterMs the oldest place goes to an address without a place, and to no other', () => {
  let now = 0;
  const lost: string[] = [];
  const places = new FairPlaces<string>({ all: 2, lead: 2, reclaimAfterMs: 500 }, { onLost: (holder) => void lost.push(holder) }, () => now);
  places.take('a', 'a1');
  now = 100;
  places.take('b', 'b1');
  now = 499;
  expect(places.take('c', 'c1')).toBe(false);
  now = 500;
  expect([places.take('b', 'b2'), places.take('c', 'c1'), places.take('d', 'd1')]).toEqual([false, true, false]);
  expect(lost).toEqual(['a1']);
});

test('a holder for which the server works does not lose its place as time passes; the next oldest does', () => {
  let now = 0;
  const lost: string[] = [];
  const places = new FairPlaces<string>(
    { all: 2, lead: 2, reclaimAfterMs: 500 },
    { onLost: (holder) => void lost.push(holder), mayLose: (holder) => holder !== 'a1' },
    () => now,
  );
  places.take('a', 'a1');
  places.take('b', 'b1');
  now = 500;
  expect([places.take('c', 'c1'), places.take('d', 'd1')]).toEqual([true, false]);
  expect(lost).toEqual(['b1']);
});

test('a place is given back once', () => {
  const { places } = setUp(2);
  for (const each of ['a1', 'a2', 'a3', 'a4']) places.take('a', each);
  places.giveBack('a', 'a1');
  places.giveBack('a', 'a1');
  expect([places.take('a', 'a5'), places.take('a', 'a6'), places.of('a')]).toEqual([true, false, 4]);
});
