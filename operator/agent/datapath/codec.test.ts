// Tests of the boundary between C and TypeScript: codecs by the object's BTF, which refuse an object whose structs have other members.
import type { Btf, Member } from './btf';
import { structCodec, type Shape } from './codec';

const types = { word: 1, long: 2, signedLong: 3, byte: 4, bytes: 5, longs: 6, state: 7, inner: 8, alias: 9 } as const;

/** The BTF of an object with struct outer and struct inner. */
function btfWith(members: readonly Member[], size = 64): Btf {
  return {
    types: [
      { kind: 'other' },
      { kind: 'int', size: 4, signed: false },
      { kind: 'int', size: 8, signed: false },
      { kind: 'int', size: 8, signed: true },
      { kind: 'int', size: 1, signed: false },
      { kind: 'array', element: 4, length: 3 },
      { kind: 'array', element: 3, length: 2 },
      { kind: 'enum', size: 4, values: new Map() },
      {
        kind: 'struct',
        size: 8,
        members: [
          { name: 'port', offset: 0, type: types.word },
          { name: 'pad', offset: 4, type: types.word },
        ],
      },
      { kind: 'alias', target: types.long },
      { kind: 'struct', size, members },
    ],
    byName: new Map([
      ['inner', types.inner],
      ['outer', 10],
    ]),
    functions: new Map(),
  };
}

const at = (name: string, offset: number, type: number): Member => ({ name, offset, type });

test('a value of every kind comes back as it was written, and padding and unused members are zero', () => {
  const btf = btfWith(
    [
      at('state', 0, types.state),
      at('counted', 4, types.word),
      at('total', 8, types.alias),
      at('name', 16, types.bytes),
      at('pad', 19, types.byte),
      at('gauges', 24, types.longs),
      at('end', 40, types.inner),
      at('pad_end', 48, types.long),
    ],
    56,
  );
  const codec = structCodec(btf, 'outer', {
    state: 'number',
    counted: 'unused',
    total: 'bigint',
    name: 'bytes',
    gauges: 'bigints',
    end: { port: 'number' },
  });
  const value = { state: 7, total: 2n ** 63n, name: Buffer.from('abc'), gauges: [-1n, 5n], end: { port: 80 } };
  const bytes = codec.encode(value);
  expect(bytes).toHaveLength(56);
  expect([bytes.readUInt32LE(4), bytes[19], bytes.readBigUInt64LE(48)]).toEqual([0, 0, 0n]);
  expect(codec.decode(bytes)).toEqual(value);
  expect(codec.decode(Buffer.concat([Buffer.alloc(8), bytes]), 8)).toEqual(value);
});

const outer = [at('mode', 0, types.word), at('inner', 8, types.inner), at('total', 16, types.long)];

test.each<[string, Shape, RegExp]>([
  [
    'a member that C does not have',
    { mode: 'number', inner: { port: 'number' }, total: 'bigint', epoch: 'bigint' },
    /struct outer has no member epoch; the object is of another version/,
  ],
  [
    'a member of an inner struct that C does not have',
    { mode: 'number', inner: { port: 'number', host: 'bytes' }, total: 'bigint' },
    /struct outer.inner has no member host/,
  ],
  ['a number where C has eight bytes', { mode: 'number', inner: { port: 'number' }, total: 'number' }, /struct outer.total is no number/],
  ['a bigint where C has four bytes', { mode: 'bigint', inner: { port: 'number' }, total: 'bigint' }, /struct outer.mode is no bigint/],
  ['a struct where C has an integer', { mode: { port: 'number' }, inner: { port: 'number' }, total: 'bigint' }, /struct outer.mode is no struct/],
])('a shape with %s is refused', (_, shape, message) => {
  expect(() => structCodec(btfWith(outer), 'outer', shape)).toThrow(message);
});

test('an object with a member that the shape does not name is refused, also in an inner struct', () => {
  expect(() => structCodec(btfWith(outer), 'outer', { mode: 'number', inner: { port: 'number' } })).toThrow(
    /struct outer has a member total that the agent does not know/,
  );
  expect(() => structCodec(btfWith(outer), 'outer', { mode: 'number', inner: {}, total: 'bigint' })).toThrow(/struct outer.inner has a member port/);
});

test('an object without the struct is refused', () => {
  expect(() => structCodec(btfWith(outer), 'gone', {})).toThrow(/the object has no struct gone/);
});
