import type { Share } from './abi';
import { Shares } from './shares';

/** The methods of a map that are used here. */
class FakeMap<K, V> {
  readonly rows = new Map<K, V>();
  get = (key: K): V | undefined => this.rows.get(key);
  keys = (limit = Infinity, after?: K): K[] => {
    const keys = [...this.rows.keys()];
    const first = after === undefined ? 0 : keys.indexOf(after) + 1; // from the start, where `after` is gone
    return keys.slice(first, first + limit);
  };
  delete = (key: K): void => void this.rows.delete(key);
  add = (key: K, value: V): boolean => (this.rows.has(key) ? false : this.rows.set(key, value) !== undefined);
}

const share = (changes: Partial<Share> = {}): Share => ({ sockets: 0n, ends: 0n, unread: 0n, held: 0n, ...changes });
const settings = { mode: 'Accelerate', paths: ['PodLocal'], maxConnections: 65_536, spillBytes: 4096, learn: true } as const;

let usage: FakeMap<number, Share>;
let rows: FakeMap<number, Share>;
let debts: FakeMap<bigint, unknown>;
let settled: bigint[];
let shares: Shares;
beforeEach(() => {
  [usage, rows, debts, settled] = [new FakeMap(), new FakeMap(), new FakeMap(), []];
  const maps = { usage, shares: rows, debts } as unknown as ConstructorParameters<typeof Shares>[0];
  shares = new Shares(maps, { payDebts: (cookies) => void settled.push(...cookies) });
});

test('the limits of a pod are a quarter of those of the node, by default 48 of 192 MiB of unread messages', () => {
  expect(shares.limit(settings)).toEqual({
    node: { sockets: 131_072n, ends: 131_072n, unread: 192n << 20n },
    pod: { sockets: 32_768n, ends: 32_768n, unread: 48n << 20n },
  });
  expect(shares.limit({ ...settings, maxConnections: 4 }).pod.sockets).toBe(64n);
});

test('a pod that is no longer selected keeps its row until it holds nothing, and has the same row when it is selected again', () => {
  shares.keepFor(new Set([1, 2]));
  rows.rows.set(1, share({ ends: 3n }));
  shares.keepFor(new Set());
  expect([...rows.rows.keys()]).toEqual([1]);
  shares.keepFor(new Set([1]));
  expect(rows.rows.get(1)).toEqual(share({ ends: 3n }));
  rows.rows.set(1, share());
  shares.keepFor(new Set());
  expect(rows.rows.size).toBe(0);
});

test('limits that the node and its pods have reached are named once for each namespace, and not for pods that are not selected', () => {
  shares.limit(settings);
  usage.rows.set(0, share({ ends: 131_072n }));
  rows.rows.set(1, share({ unread: (48n << 20n) - 4096n }));
  rows.rows.set(2, share({ unread: 48n << 20n }));
  rows.rows.set(3, share({ ends: 99_999n }));
  expect(shares.reached((netns) => (netns === 3 ? undefined : 'shop'))).toEqual([
    'the node has as many connections open as are followed (131072 ends)',
    'unread messages of a pod of namespace shop cost as much as they may (48 MiB)',
  ]);
  usage.rows.set(0, share({ ends: 100_000n }));
  rows.rows.delete(1);
  rows.rows.delete(2);
  expect(shares.reached(() => 'shop')).toEqual(['a pod of namespace shop has as many connections open as are followed (32768 ends)']);
});

test('a lost count is read as nothing taken, and the debts of closed ends are checked', () => {
  usage.rows.set(0, share({ sockets: -2n, ends: 5n }));
  expect(shares.taken()).toEqual({ sockets: 0, ends: 5, unread: 0 });
  shares.payDebts();
  expect(settled).toEqual([]);
  debts.rows.set(7n, {});
  shares.payDebts();
  expect(settled).toEqual([7n]);
});

test('each call checks some of many debts, and the next call checks the debts after them, also where the debts that were checked last were paid', () => {
  const all = Array.from({ length: 5000 }, (_, n) => BigInt(n));
  for (const each of all) debts.rows.set(each, {});
  const rounds: bigint[][] = [];
  for (let n = 0; n < 4; n++) {
    shares.payDebts();
    rounds.push(settled.splice(0));
  }
  expect(rounds.map(({ length }) => length)).toEqual([2048, 2048, 904, 2048]);
  expect(rounds.slice(0, 3).flat()).toEqual(all);
  expect(rounds[3]?.[0]).toBe(0n);

  const paying = new Shares({ usage, shares: rows, debts } as never, {
    payDebts: (cookies) => {
      settled.push(...cookies);
      debts.rows.delete(cookies.at(-1) ?? -1n);
    },
  });
  for (let n = 0; n < 3; n++) paying.payDebts();
  expect(new Set(settled)).toEqual(new Set(all));
});
