// Converts addresses between text and the sixteen bytes of struct address, which has IPv4 as ::ffff:a.b.c.d.
import { isIPv4, SocketAddress } from 'node:net';

const mappedPrefix = Buffer.from('00000000000000000000ffff', 'hex');

/** Sixteen bytes in network order. @throws on text that is no address */
export function addressBytes(text: string): Buffer {
  if (isIPv4(text)) return Buffer.concat([mappedPrefix, Buffer.from(text.split('.').map(Number))]);
  const { address } = new SocketAddress({ address: text, family: 'ipv6' });
  const dotted = /^(.*:)(\d+\.\d+\.\d+\.\d+)$/.exec(address);
  if (dotted?.[2] !== undefined && address.startsWith('::ffff:')) return addressBytes(dotted[2]);
  const [head = '', tail] = address.split('::');
  const groups = (part: string): string[] => (part === '' ? [] : part.split(':'));
  const left = groups(head);
  const right = tail === undefined ? [] : groups(tail);
  const middle = Array.from({ length: 8 - left.length - right.length }, () => '0');
  const words = [...left, ...(tail === undefined ? [] : middle), ...right];
  return Buffer.from(words.map((word) => word.padStart(4, '0')).join(''), 'hex');
}

/** An address and a port as `1.2.3.4:80` or `[fd00::1]:80`. */
export function endpointText(bytes: Buffer, port: number): string {
  if (bytes.subarray(0, 12).equals(mappedPrefix)) return `${bytes.subarray(12).join('.')}:${port}`;
  const words = Array.from({ length: 8 }, (_, i) => bytes.readUInt16BE(2 * i).toString(16)).join(':');
  return `[${new SocketAddress({ address: words, family: 'ipv6' }).address}]:${port}`;
}
