// Tests of the slots of namespaces, with the two pinned maps in memory.
import type { Maps } from './abi';
import { Slots } from './slots';

let cleared: number[] = [];
beforeEach(() => void (cleared = []));

function pinned(names: Map<number, string>, capacity: number): Pick<Maps, 'namespaces' | 'statistics'> {
  const namespaces = {
    keys: () => Array.from({ length: capacity }, (_, slot) => slot).values(),
    get: (slot: number) => ({ name: Buffer.from(`${names.get(slot) ?? ''}\0`) }),
    set: (slot: number, { name }: { name: Buffer }) => names.set(slot, name.toString()),
  };
  const statistics = { clear: (slot: number) => cleared.push(slot) };
  return { namespaces, statistics } as unknown as Pick<Maps, 'namespaces' | 'statistics'>;
}

const idle = (): boolean => true;
const busy = (): boolean => false;

test('a namespace keeps its slot, also over a restart of the agent', () => {
  const names = new Map<number, string>();
  const slots = new Slots(pinned(names, 4), idle);
  const a = slots.take('a', new Set(['a', 'b']));
  const b = slots.take('b', new Set(['a', 'b']));
  expect(a).not.toBe(b);
  expect(slots.take('a', new Set(['a']))).toBe(a);
  const again = new Slots(pinned(names, 4), idle);
  expect(again.take('b', new Set(['b']))).toBe(b);
  expect(again.nameOf(Number(a))).toBe('a');
});

test('a slot goes to another namespace only where none is free, its own namespace is not wanted, and no connection is counted in it', () => {
  const slots = new Slots(pinned(new Map(), 2), idle);
  const a = slots.take('a', new Set(['a']));
  slots.take('b', new Set(['b']));
  expect(slots.take('c', new Set(['b', 'c']))).toBe(a);
  expect(cleared.at(-1)).toBe(a);
  expect(slots.take('d', new Set(['b', 'c', 'd']))).toBeUndefined();
  const full = new Slots(pinned(new Map([[0, 'a']]), 1), busy);
  expect(full.take('b', new Set(['b']))).toBeUndefined();
});
