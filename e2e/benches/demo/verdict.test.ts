import type { DemoResult } from './report';
import { brokenPromises } from './verdict';

const result = (changes: { errors?: number; accelerated?: number; open?: number; extra?: string }): DemoResult => {
  const { errors = 0, accelerated = 10, open = 10, extra } = changes;
  const names = ['shop', ...(extra === undefined ? [] : [extra])];
  const namespaces = names.map((name) => ({ name, connections: { open, accelerated } }));
  return { runs: [{ errors }], resource: { status: { namespaces } }, switching: { switches: 1, requests: 1, errors: 0 } } as unknown as DemoResult;
};

test('a demo passes when every connection is accelerated and no request has failed', () => {
  expect(brokenPromises(result({}))).toEqual([]);
});

test.each([
  ['a failed request', { errors: 2 }, '2 requests failed'],
  ['a connection that is not accelerated', { accelerated: 9 }, '9 of 10 connection ends of shop were accelerated under load'],
  ['no connection at all', { open: 0, accelerated: 0 }, '0 of 0 connection ends of shop were accelerated under load'],
  ['a namespace that is not selected', { extra: 'plain' }, 'the status counts namespaces that are not selected: plain'],
])('%s fails the demo', (_, changes, promise) => {
  expect(brokenPromises(result(changes))).toEqual([promise]);
});
