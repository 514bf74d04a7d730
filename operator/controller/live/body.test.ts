import { connectionList } from '../../api';
import { bodyOf, maxListBytes } from './body';
import { connectionWith, watchedWith } from './live.testing';
import { listOf } from './objects';

const connections = (n: number, name = 'cart') =>
  Array.from({ length: n }, (_, at) => connectionWith({ id: `${at}`, pod: name, peer: `shop/${name}`, tcpBytes: n - at }));
const list = (n: number, name?: string) =>
  listOf({ answers: [{ node: 'node1', watched: watchedWith(1, { connections: connections(n, name) }) }], silent: [] }, n);
const parsed = (text: string) => connectionList.parse(JSON.parse(text));

test('a list that fits is whole', () => {
  expect(parsed(bodyOf(list(0)))).toEqual(list(0));
  expect(parsed(bodyOf(list(3)))).toEqual(list(3));
});

test('a list of 5000 connections with names of ordinary length fits', () => {
  expect(parsed(bodyOf(list(5000, 'checkout-7d9c6b5f4d-x2x9k'))).metadata.remainingItemCount).toBeUndefined();
});

test('a list that is too long is cut after the connections that have sent the most, and counts the others', () => {
  const whole = list(5000, 'x'.repeat(250));
  const text = bodyOf(whole);
  expect(Buffer.byteLength(text)).toBeLessThanOrEqual(maxListBytes);
  expect(Buffer.byteLength(text)).toBeGreaterThan(maxListBytes - 2000);
  const { items, metadata } = parsed(text);
  expect(items).toEqual(whole.items.slice(0, items.length));
  expect(metadata.remainingItemCount).toBe(5000 - items.length);
});

test('what was left out before is counted too', () => {
  const cut = { ...list(2), metadata: { resourceVersion: '0', remainingItemCount: 7 } };
  expect(parsed(bodyOf(cut, 900)).metadata.remainingItemCount).toBe(7 + 2 - parsed(bodyOf(cut, 900)).items.length);
  expect(parsed(bodyOf(cut, 900)).items).toHaveLength(1);
});

test('a list whose silent nodes alone are too long is refused', () => {
  const silentNodes = Array.from({ length: 100 }, (_, at) => ({ name: `node${at}`, message: 'its agent is not connected' }));
  expect(() => bodyOf({ ...list(0), silentNodes }, 1000)).toThrow('the answer would have more than 1000 bytes; name a namespace or a pod');
});
