import type { IncomingMessage } from 'node:http';
import { busiest, RequestLog } from './requestLog';

const request = (method: string, url: string): IncomingMessage => ({ method, url }) as IncomingMessage;

test('busiest() finds the window with the most requests; a request exactly at its end does not count', () => {
  expect(busiest([], 1000)).toBe(0);
  expect(busiest([0, 1000, 2000], 1000)).toBe(1);
  expect(busiest([0, 600, 900, 1500, 1590, 3000], 1000)).toBe(4);
});

test('since() returns the requests from a moment on that match by path and kind', () => {
  let now = 0;
  const log = new RequestLog(() => now);
  log.add(request('GET', '/api/v1/nodes?limit=5'));
  now = 2000;
  log.add(request('GET', '/api/v1/nodes?watch=true'));
  log.add(request('PATCH', '/apis/x'));
  now = 4000;
  expect(log.since(1, ({ watch }) => watch).map(({ path }) => path)).toEqual(['/api/v1/nodes']);
  expect(log.rate(1000)).toEqual({ requests: 2, perSecond: 0.67, busiestSecond: 2, busiestTenSeconds: 0.2 });
});
