// Tests of reading the object file and of patching its calls.
import { redirectCalls, section } from './elf';

test('a file that is no little-endian ELF64 is refused', () => {
  expect(() => section(Buffer.alloc(64), '.BTF')).toThrow(/not a little-endian ELF64/);
  expect(() => section(Buffer.from('short'), '.BTF')).toThrow(/not a little-endian ELF64/);
});

const call = (number: number, source = 0): number[] => [0x85, source << 4, 0, 0, ...Buffer.from(Uint32Array.of(number).buffer)];
const move = [0xb7, 1, 0, 0, 0x1e, 0xab, 0xa1, 0x5c]; // a constant that looks like the placeholder is no call

test('only calls of the given helper get another number', () => {
  const code = Buffer.from([...call(0x5ca1ab1e), ...call(1), ...move, ...call(0x5ca1ab1e)]);
  expect(redirectCalls(code, 0x5ca1ab1e, 'helper', 212)).toBe(2);
  expect(code).toEqual(Buffer.from([...call(212), ...call(1), ...move, ...call(212)]));
});

test('calls of a helper become calls of a kernel function', () => {
  const code = Buffer.from([...call(7), ...call(7, 1)]);
  expect(redirectCalls(code, 7, 'kernelFunction', 65486)).toBe(1);
  expect(code).toEqual(Buffer.from([...call(65486, 2), ...call(7, 1)]));
});
