import { askerOf, type Place, Places } from './places';

let now: number;
let places: Places;

beforeEach(() => {
  now = 0;
  places = new Places('watches', { all: 8, each: 4, reclaimAfterMs: 1000 }, () => now);
});

const take = (asker: string, namespace: string): Place => places.take({ asker: askerOf(asker), namespace });
const taken = (n: number, asker: string, namespace: string): Place[] => Array.from({ length: n }, () => take(asker, namespace));
const lost = (held: readonly Place[]): number => held.filter((each) => each.lost.aborted).length;

test('all ServiceAccounts of a namespace count as one asker, and every other user as itself', () => {
  expect(['a', 'b'].map((name) => askerOf(`system:serviceaccount:shop:${name}`))).toEqual(Array(2).fill('system:serviceaccount:shop:*'));
  expect(askerOf('system:serviceaccount:shopping:a')).toBe('system:serviceaccount:shopping:*');
  expect(['anna', 'oidc:system:serviceaccount:shop:a', 'system:serviceaccount'].map(askerOf)).toEqual([
    'anna',
    'oidc:system:serviceaccount:shop:a',
    'system:serviceaccount',
  ]);
});

test('an asker has four places at most, however many ServiceAccounts it has', () => {
  for (const name of ['a', 'b', 'c', 'd']) take(`system:serviceaccount:shop:${name}`, 'shop');
  expect(() => take('system:serviceaccount:shop:e', 'shop')).toThrow('have 4 open watches, which is the limit');
  expect(() => taken(5, 'anna', 'shop')).toThrow('this user has 4 open watches, which is the limit; end one or try again later');
});

test('a namespace that has fewer places gets one from the namespace that has most', () => {
  const shop = [...taken(4, 'anna', 'shop'), ...taken(4, 'ben', 'shop')];
  const bank = taken(4, 'victim', 'bank');
  expect([lost(shop), lost(bank)]).toEqual([4, 0]);
  expect(shop[0]?.lost.reason).toMatchObject({ code: 429, message: expect.stringContaining('ended for another namespace or user') as string });
});

test('no place is taken from a namespace and an asker that have nearly as many', () => {
  const held = [...taken(3, 'anna', 'shop'), ...taken(1, 'ben', 'shop'), ...taken(2, 'victim', 'bank'), ...taken(2, 'carla', 'bank')];
  expect(() => take('carla', 'bank')).toThrow('8 watches are open, which is the limit; try again later');
  expect(lost(held)).toBe(0);
});

test('within a namespace an asker who has fewer places gets one from the asker who has most', () => {
  const [anna, ben] = [taken(4, 'anna', 'shop'), taken(4, 'ben', 'shop')];
  const carla = taken(2, 'carla', 'shop');
  expect([lost(anna), lost(ben), lost(carla)]).toEqual([1, 1, 0]);
});

test('a ninth namespace gets the oldest place when that has been held for a time', () => {
  const held = Array.from({ length: 8 }, (_, at) => {
    now = at;
    return take(`user${at}`, `namespace${at}`);
  });
  expect(() => take('victim', 'bank')).toThrow('8 watches are open');
  now = 1000;
  take('victim', 'bank');
  expect(held.map((each) => each.lost.aborted)).toEqual([true, ...Array<boolean>(7).fill(false)]);
  expect(() => take('victim', 'bank')).toThrow('8 watches are open');
});

test('a place is given back once, also after it was lost', () => {
  const shop = [...taken(4, 'anna', 'shop'), ...taken(4, 'ben', 'shop')];
  take('victim', 'bank');
  shop.forEach((each) => each.giveBack());
  shop.forEach((each) => each.giveBack());
  expect(taken(4, 'anna', 'shop')).toHaveLength(4);
  expect(taken(3, 'ben', 'shop')).toHaveLength(3);
  expect(() => taken(1, 'ben', 'shop')).toThrow('8 watches are open');
});
