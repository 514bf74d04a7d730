// The object file's sections and the renumbering of a helper call.
import { renumberHelper, section } from './elf';

test('refuses a file that is no little-endian ELF64', () => {
  expect(() => section(Buffer.alloc(64), '.BTF')).toThrow(/not a little-endian ELF64/);
  expect(() => section(Buffer.from('short'), '.BTF')).toThrow(/not a little-endian ELF64/);
});

test('renumbers only calls of the given helper', () => {
  const call = (number: number): number[] => [0x85, 0, 0, 0, ...Buffer.from(Uint32Array.of(number).buffer)];
  const move = [0xb7, 1, 0, 0, 0x1e, 0xab, 0xa1, 0x5c]; // a constant that looks like the placeholder is no call
  const program = Buffer.from([...call(0x5ca1ab1e), ...call(1), ...move, ...call(0x5ca1ab1e)]);
  expect(renumberHelper(program, 0x5ca1ab1e, 212)).toBe(2);
  expect(program).toEqual(Buffer.from([...call(212), ...call(1), ...move, ...call(212)]));
});
