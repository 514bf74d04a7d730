// No message makes more objects than the schemas allow, whatever its bytes are.
import { z } from 'zod';
import { elementCheck } from './elements';
import { elements, field, namespaces } from './heavy.testing';
import { fromAgent, type Report } from './messages';
import { decodeFromAgent, decodeFromController, definitions, encodeFromAgent, type Incoming } from './wire';

const report: Report = {
  appliedOrder: 1,
  released: false,
  problems: [],
  namespaces: namespaces(),
  joinedSockets: 2 ** 53 - 1,
  drainingSockets: 0,
  errors: 0,
};
const problemOf = (incoming: Incoming<unknown>): string => (incoming.ok ? 'none' : incoming.problem);
const empty = (number: number): Buffer => elements(field(number, Buffer.alloc(0)));

test.each([
  ['namespaces of a report', decodeFromAgent, field(2, empty(4)), 'report.namespaces: more than 1024'],
  ['problems of a report', decodeFromAgent, field(2, empty(3)), 'report.problems: more than 32'],
  ['reasons of a namespace', decodeFromAgent, field(2, field(4, empty(6))), 'report.namespaces.reasons: more than 32'],
  ['passes of a namespace', decodeFromAgent, field(2, field(4, empty(9))), 'report.namespaces.passes: more than 32'],
  ['pods', decodeFromAgent, field(4, empty(2)), 'watched.pods: more than 500'],
  ['connections', decodeFromAgent, field(4, empty(3)), 'watched.connections: more than 500'],
  ['events', decodeFromAgent, field(4, elements(field(4, field(2, Buffer.alloc(0))))), 'watched.events: more than 500'],
  ['reports in one message', decodeFromAgent, empty(2), 'report: more than 1'],
  ['connections of one event', decodeFromAgent, field(4, field(4, empty(2))), 'watched.events.connection: more than 1'],
  ['names of an order', decodeFromController, field(1, empty(6)), 'order.namespaces: more than 1024'],
  ['names that an order adds', decodeFromController, field(1, empty(11)), 'order.added: more than 1024'],
])('a message of 1 MiB of %s is refused before it is decoded', (_what, decode, bytes, problem) => {
  expect(bytes.length).toBeGreaterThan(1_000_000);
  const [before, began] = [process.memoryUsage().heapUsed, performance.now()];
  expect(problemOf(decode(bytes))).toBe(problem);
  expect(performance.now() - began).toBeLessThan(100);
  expect(process.memoryUsage().heapUsed - before).toBeLessThan(20_000_000);
});

test('a report with as many elements as the schemas allow is decoded', () => {
  expect(decodeFromAgent(encodeFromAgent({ message: 'report', report }))).toMatchObject({ ok: true, value: { report } });
});

test('fields of a newer release are skipped', () => {
  const newer = Buffer.concat([
    Buffer.from([((900 << 3) & 0x7f) | 0x80, 900 >> 4, 7]), // a number
    field(15, Buffer.from('text')),
    Buffer.from([(14 << 3) | 1, 1, 2, 3, 4, 5, 6, 7, 8, (13 << 3) | 5, 1, 2, 3, 4]),
  ]);
  expect(decodeFromAgent(Buffer.concat([newer, encodeFromAgent({ message: 'report', report: { ...report, namespaces: [] } })])).ok).toBe(true);
});

describe('bytes that protobufjs would read in another way than this check are refused', () => {
  const bomb = empty(4);
  test.each([
    // protobufjs reads a number where the wire type says that bytes follow, and takes these bytes for fields.
    ['a number that says it is text', field(2, field(1, bomb)), 'report.appliedOrder: wire type 2'],
    ['text that says it is a number', field(2, field(4, Buffer.from([8, 1]))), 'report.namespaces.name: wire type 0'],
    ['a length of six bytes', Buffer.from([18, 0x80, 0x80, 0x80, 0x80, 0x80, 0, 0, 0, 0, 0]), 'a number of more than 5 bytes'],
    ['a group', field(2, Buffer.from([(15 << 3) | 3, (15 << 3) | 4])), 'wire type 3'],
    [
      'a field that is longer than its message',
      Buffer.concat([Buffer.from([18, 2, 34, 100]), Buffer.alloc(200)]),
      'a field is longer than its message',
    ],
    ['a field that is longer than the bytes', Buffer.from([18, 100]), 'a field is longer than its message'],
    ['a number without an end', Buffer.from([18, 2, 8, 0x80]), 'the message ends within a number'],
  ])('%s', (_what, bytes, problem) => {
    expect(problemOf(decodeFromAgent(bytes))).toBe(problem);
  });
});

test('a list of agent.proto without a bound in the schemas is an error', () => {
  expect(() => elementCheck(definitions, 'FromAgent', z.object({}))).toThrow('messages.ts has no bound for the list');
  expect(() => elementCheck(definitions, 'FromAgent', fromAgent)).not.toThrow();
});
