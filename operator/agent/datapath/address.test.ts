// Tests of addresses as text and as keys of maps.
import { addressBytes, endpointText } from './address';

const hex = (text: string): string => addressBytes(text).toString('hex');

test('an IPv4 address is written as v4-mapped IPv6, so that both ends of a connection have one form', () => {
  expect(hex('10.1.2.3')).toBe('00000000000000000000ffff0a010203');
  expect(hex('::ffff:10.1.2.3')).toBe(hex('10.1.2.3'));
});

test.each([
  ['::1', '00000000000000000000000000000001'],
  ['fd00::12', 'fd000000000000000000000000000012'],
  ['2001:db8:0:1:2:3:4:5', '20010db8000000010002000300040005'],
  ['FE80::A:B', 'fe8000000000000000000000000a000b'],
])('%s is written in network order', (text, bytes) => {
  expect(hex(text)).toBe(bytes);
});

test('text that is no address is refused', () => {
  expect(() => addressBytes('10.1.2')).toThrow();
  expect(() => addressBytes('pod-1')).toThrow();
});

test('an address prints as the text that it was read from', () => {
  expect(endpointText(addressBytes('10.1.2.3'), 80)).toBe('10.1.2.3:80');
  expect(endpointText(addressBytes('fd00::12'), 8080)).toBe('[fd00::12]:8080');
});
