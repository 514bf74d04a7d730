import type { AuditedRequest } from '../../stand/api/audit';
import { writesOf } from './strayWrites';

const at = (second: number): string => `2026-01-01T00:00:${String(second).padStart(2, '0')}.000000Z`;

function request(credential: string, verb: string, resource: string, from: number, to = from, code = 200): AuditedRequest {
  return { user: 'controller', credential, verb, group: '', resource, namespace: '', name: 'x', code, receivedAt: at(from), answeredAt: at(to) };
}

const strays = (...requests: AuditedRequest[]): readonly string[] => writesOf(requests, (name) => name).stray;
const lease = (who: string, from: number, to = from, code = 200): AuditedRequest => request(who, 'update', 'leases', from, to, code);

test('a write of the holder is no stray until another process holds the Lease', () => {
  expect(strays(lease('a', 1), request('a', 'patch', 'daemonsets', 2), lease('b', 20), request('b', 'patch', 'daemonsets', 21))).toEqual([]);
  expect(strays(lease('a', 1), lease('b', 20), request('a', 'patch', 'daemonsets', 21))).toEqual([`${at(21)} a: patch daemonsets x, answered 200`]);
});

test('a write after a failed attempt to take the Lease is stray', () => {
  expect(strays(lease('a', 1), lease('b', 20, 20, 409), request('b', 'delete', 'services', 21))).toHaveLength(1);
});

test('a write before the Lease has a holder is stray', () => {
  expect(strays(request('a', 'create', 'secrets', 1), lease('a', 2))).toHaveLength(1);
});

test('while a write of the Lease is under way, writes of the old and the new holder are no strays', () => {
  expect(strays(lease('a', 1), lease('b', 20, 22), request('a', 'patch', 'x', 21), request('b', 'patch', 'x', 23))).toEqual([]);
  expect(strays(lease('a', 1), lease('b', 20, 22), request('a', 'patch', 'x', 23))).toHaveLength(1);
});

test('reads, TokenReviews and writes of the Lease are not counted', () => {
  const { count, stray } = writesOf(
    [request('a', 'list', 'nodes', 1), request('a', 'create', 'tokenreviews', 2), lease('a', 3), request('a', 'patch', 'x', 4)],
    (name) => name,
  );
  expect([count, stray]).toEqual([1, []]);
});
