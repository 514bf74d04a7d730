// Tests of what the answers of a trial mean.
import type { Btf } from './btf';
import { countedQueues, fionreadBits, traitsToWatch, unknownFacts } from './facts';
import { setConstants } from './features';

const byte = { kind: 'int', size: 1, signed: false } as const;
const btf: Btf = {
  types: [
    { kind: 'other' },
    {
      kind: 'enum',
      size: 4,
      values: new Map([
        ['FIONREAD_UNKNOWN', 0],
        ['FIONREAD_TCP', 1],
        ['FIONREAD_REDIRECTED', 2],
      ]),
    },
    byte,
    {
      kind: 'struct',
      size: 8,
      members: [
        { name: 'fionread', offset: 0, type: 1 },
        { name: 'original_addr_helper', offset: 4, type: 2 },
        { name: 'readonly_cast', offset: 5, type: 2 },
        { name: 'scan_callbacks', offset: 6, type: 2 },
        { name: 'rcvbuf_refuses', offset: 7, type: 2 },
      ],
    },
  ],
  byName: new Map([
    ['fionread', 1],
    ['kernel_features', 3],
  ]),
  functions: new Map(),
};

test.each([
  ['only TCP’s queue', 1],
  ['only what is redirected', 2],
  ['both', 3],
])('an answer of FIONREAD says that the kernel counts %s', (_, answer) => {
  expect(countedQueues(answer, fionreadBits(btf))).toBe(answer);
});

test.each([0, 4])('an answer of %i bytes says nothing, and is an error', (answer) => {
  expect(() => countedQueues(answer, fionreadBits(btf))).toThrow(/answers \d for 1 bytes over TCP and 2 redirected/);
});

test('readers that ask FIONREAD have to be known, unless the kernel is known to count both queues', () => {
  const known = (fionread: number): readonly string[] => traitsToWatch({ ...unknownFacts, fionread }, fionreadBits(btf));
  expect([0, 1, 2].map((fionread) => known(fionread).includes('counts'))).toEqual([true, true, true]);
  expect(known(3)).toEqual(['splices']);
});

test('an object whose enum fionread lacks a queue is refused as one of another version', () => {
  const older: Btf = { ...btf, types: [{ kind: 'other' }, { kind: 'enum', size: 4, values: new Map([['FIONREAD_TCP', 1]]) }] };
  expect(() => fionreadBits(older)).toThrow(/another version/);
});

test('the constants of the object are written by name, and are 0 where nothing is known', () => {
  const constants = Buffer.alloc(8, 0xff);
  setConstants(constants, { fionread: 3, readonly_cast: 1 }, btf);
  expect([...constants]).toEqual([3, 0, 0, 0, 0, 1, 0, 0]);
});

test('constants of another size are refused', () => {
  expect(() => setConstants(Buffer.alloc(9), {}, btf)).toThrow(/no longer alone/);
});
