import type { Declaration } from './declared';
import { conformancePage } from './page';
import type { Case } from './probe';
import type { Row } from './report';

const cases: Case[] = [
  { name: 'poll', subject: 'to-server', slow: false, about: 'poll() masks' },
  { name: 'blocking', subject: 'to-server', slow: false, about: 'recv() asleep' },
  { name: 'unplayed', subject: 'to-server', slow: true, about: 'never' },
];

const declared: Declaration[] = [
  { cases: ['blocking', 'waitall'], result: 'refused', reasons: ['BlockingReader', 'OneWay'], why: 'No reader is woken.', remedy: 'Poll.' },
];

function row(name: string, result: Row['result'], rest: Partial<Row> = {}): Row {
  return { kernel: '6.18', case: name, path: 'same-pod', family: 'IPv4', result, ...rest };
}

test('the page shows only what was played: a cell for each path, with both families where they differ', () => {
  const page = conformancePage([row('poll', 'same'), row('poll', 'different', { family: 'IPv6' }), row('blocking', 'refused')], cases, declared);
  expect(page).toContain('| `poll` | IPv4 same, IPv6 different | – |');
  expect(page).toContain('| `blocking` | refused | – |');
  expect(page).not.toContain('unplayed');
});

test('the page explains the refusals and differences that were seen, and no others', () => {
  const page = conformancePage([row('blocking', 'refused')], cases, declared);
  expect(page).toMatch(/\| `blocking` \| No reader is woken. \| BlockingReader, OneWay \|/);
  expect(page).not.toContain('`waitall`');
});
