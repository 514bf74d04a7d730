import type { Declaration } from './declared';
import type { Case } from './probe';
import { inOrder, outlived, undeclared, type Row } from './report';

function row(name: string, result: Row['result'], rest: Partial<Row> = {}): Row {
  return { kernel: '6.18', case: name, path: 'cross-pod', family: 'IPv4', result, ...rest };
}

const refusal: Declaration = { cases: ['blocking', 'waitall'], result: 'refused', reasons: ['BlockingReader'], why: 'asleep', remedy: 'none' };

test('a difference or a refusal must be declared with its result and reason; the results same and unsupported need no declaration', () => {
  const rows = [
    row('blocking', 'refused', { reason: 'BlockingReader' }),
    row('blocking', 'refused', { reason: 'Order' }),
    row('waitall', 'different'),
    row('poll', 'same'),
    row('ktls', 'unsupported'),
  ];
  expect(undeclared(rows, [refusal])).toEqual([rows[1], rows[2]]);
});

test('a declaration for one path does not cover another', () => {
  const narrow: Declaration = { ...refusal, paths: ['same-pod'] };
  expect(undeclared([row('blocking', 'refused', { reason: 'BlockingReader' })], [narrow])).toHaveLength(1);
});

test('a declared case that no row confirms is reported, unless it was not played or its declaration is optional', () => {
  const rows = [row('blocking', 'same')];
  expect(outlived(rows, [refusal])).toEqual([{ case: 'blocking', result: 'refused' }]);
  expect(outlived(rows, [{ ...refusal, optional: true }])).toEqual([]);
  expect(outlived([row('blocking', 'unsupported')], [refusal])).toEqual([]);
});

test('rows are sorted by case, by path (same-pod, cross-pod, redirect-out ...) and by address family; rows of cases that no longer exist are dropped', () => {
  const cases: Case[] = ['b', 'a'].map((name) => ({ name, subject: 'to-server', slow: false, about: '' }));
  const rows = [
    row('a', 'same'),
    row('gone', 'same'),
    row('b', 'same', { family: 'IPv6' }),
    row('b', 'same'),
    row('b', 'same', { path: 'same-pod' }),
  ];
  expect(inOrder(rows, cases)).toEqual([rows[4], rows[3], rows[2], rows[0]]);
});
