import { deflateRawSync } from 'node:zlib';
import { connectionReasonNames } from '../api';
import {
  fromAgent,
  fromController,
  hello,
  maxNamespaces,
  maxProblemLength,
  maxReportSeconds,
  maxCounts,
  namespaceReport,
  orderMessage,
  problem,
  type Report,
  report,
} from './messages';
import { connection, event, maxLiveRows, podTraffic, watch, watched, type Connection, type Watched } from './live';
import { unpackNames } from './packedNames';
import { decodeFromAgent, decodeFromController, definitions, encodeFromAgent, encodeFromController, maxMessageBytes } from './wire';

/** Field names of a proto message, as proto-loader converts them to camel case. */
function protoFields(message: string): string[] {
  const definition = definitions[`acceleration.v1.${message}`];
  if (definition === undefined || !('type' in definition)) throw new Error(`no message ${message}`);
  const { field } = definition.type as { field: { name: string }[] };
  return field.map(({ name }) => name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase())).sort();
}

const keys = (schema: { shape: object }): string[] => Object.keys(schema.shape).sort();

describe('agent.proto and the schemas have the same fields', () => {
  test.each([
    ['Hello', keys(hello)],
    ['Report', keys(report)],
    ['Problem', keys(problem)],
    ['NamespaceReport', keys(namespaceReport)],
    ['ReasonCount', keys(namespaceReport.shape.reasons.element)],
    ['GateCount', keys(namespaceReport.shape.passes.element)],
    ['Order', keys(orderMessage)],
    ['Watch', keys(watch)],
    ['Watched', keys(watched)],
    ['PodTraffic', keys(podTraffic)],
    ['Connection', keys(connection)],
    ['Event', keys(event)],
    [
      'FromAgent',
      fromAgent.options
        .flatMap(keys)
        .filter((key) => key !== 'message')
        .sort(),
    ],
    [
      'FromController',
      fromController.options
        .flatMap(keys)
        .filter((key) => key !== 'message')
        .sort(),
    ],
  ])('%s', (message, schemaKeys) => {
    expect(schemaKeys).toEqual(protoFields(message));
  });
});

const count = Number.MAX_SAFE_INTEGER;
const largestReport: Report = {
  appliedOrder: count,
  released: true,
  problems: Array.from({ length: maxCounts }, () => ({ reason: 'KernelTooOld', message: 'x'.repeat(maxProblemLength) })),
  namespaces: Array.from({ length: maxNamespaces }, (_, index) => ({
    name: String(index).padStart(63, 'n'),
    podsSelected: 1000,
    podsAccelerated: 1000,
    open: count,
    accelerated: count,
    reasons: connectionReasonNames.map((reason) => ({ reason, connections: count })),
    fastBytes: count,
    tcpBytes: count,
    passes: Array.from({ length: 8 }, (__, gate) => ({ gate: `a-gate-of-some-length-${gate}`, messages: count })),
    draining: count,
    adopted: count,
    left: count,
    woken: count,
    unseen: count,
  })),
  joinedSockets: count,
  drainingSockets: count,
  errors: count,
};

test('the largest possible report fits into one message and is decoded unchanged', () => {
  const bytes = encodeFromAgent({ message: 'report', report: largestReport });
  expect(bytes.length).toBeLessThan(maxMessageBytes);
  expect(decodeFromAgent(bytes)).toEqual({ ok: true, value: { message: 'report', report: largestReport } });
});

const longestConnection: Connection = {
  id: 'i'.repeat(128),
  namespace: 'n'.repeat(63),
  pod: 'p'.repeat(253),
  local: 'a'.repeat(47),
  remote: 'b'.repeat(47),
  path: 'NodeLocal',
  original: 'c'.repeat(47),
  redirected: 'd'.repeat(47),
  peer: 'q'.repeat(317),
  accepting: true,
  accelerated: false,
  reason: 'r'.repeat(24),
  fastBytes: count,
  tcpBytes: count,
  rttUs: count,
};
const largestWatched: Watched = {
  id: count,
  omitted: count,
  problem: 'p'.repeat(1024),
  last: true,
  events: [],
  pods: Array.from({ length: maxLiveRows }, () => ({
    namespace: 'n'.repeat(63),
    name: 'p'.repeat(253),
    open: count,
    accelerated: count,
    fastBytes: count,
    tcpBytes: count,
    rttUs: count,
  })),
  connections: Array.from({ length: maxLiveRows }, () => longestConnection),
};

test.each([
  ['connections', largestWatched],
  [
    'events',
    { ...largestWatched, pods: [], connections: [], events: largestWatched.connections.map((each) => ({ type: 'Opened', connection: each })) },
  ],
])('the largest live answer of %s fits into one message and is decoded unchanged', (_, answer) => {
  const bytes = encodeFromAgent({ message: 'watched', watched: answer });
  expect(bytes.length).toBeLessThan(maxMessageBytes);
  expect(decodeFromAgent(bytes)).toEqual({ ok: true, value: { message: 'watched', watched: answer } });
});

test('a watch is decoded unchanged, and fields that are left out are empty', () => {
  const asked = { id: 7, namespace: 'shop', pod: '', limit: 100, events: true, cancel: false };
  expect(decodeFromController(encodeFromController({ message: 'watch', watch: asked }))).toEqual({
    ok: true,
    value: { message: 'watch', watch: asked },
  });
  expect(decodeFromController(Buffer.from([0x12, 0x02, 0x08, 0x07]))).toEqual({
    ok: true,
    value: { message: 'watch', watch: { id: 7, namespace: '', pod: '', limit: 0, events: false, cancel: false } },
  });
});

test('a Hello of an earlier release, without the field live, means that the agent answers no Watch', () => {
  const hello4 = Buffer.from([0x0a, 0x05, 0x0a, 0x01, 0x31, 0x20, 0x02]); // agent_version and map_abi
  expect(decodeFromAgent(hello4)).toEqual({
    ok: true,
    value: { message: 'hello', hello: { agentVersion: '1', kernel: '', architecture: '', mapAbi: 2, live: false, changes: false, packed: false } },
  });
});

const anOrder = {
  revision: 7,
  mode: 'Accelerate' as const,
  paths: ['PodLocal' as const],
  maxConnections: 100,
  spillBytes: 65536,
  namespaces: ['shop'],
  podSelector: { matchLabels: { app: 'cart' } },
  remove: false,
  reportSeconds: maxReportSeconds,
  since: 0,
  added: [],
  removed: [],
  packed: [],
};

test('an order is decoded with its selector parsed', () => {
  expect(decodeFromController(encodeFromController({ message: 'order', order: anOrder }))).toEqual({
    ok: true,
    value: { message: 'order', order: anOrder },
  });
});

test('compressed names are decoded unchanged', () => {
  const packed = Array.from({ length: maxNamespaces }, (_, index) => String(index).padStart(63, 'n'));
  const message = { ...anOrder, namespaces: [], packed };
  const bytes = encodeFromController({ message: 'order', order: message });
  expect(bytes.length).toBeLessThan(10_000);
  expect(decodeFromController(bytes)).toEqual({ ok: true, value: { message: 'order', order: message } });
});

const short = Array.from({ length: maxNamespaces }, (_, index) => `n${index}`);

test.each([
  ['as many names as are allowed', deflateRawSync(short.join('\n')), undefined],
  ['more names than are allowed', deflateRawSync([...short, 'one-more'].join('\n')), 'order.packed: Too big'],
  ['bytes that are no DEFLATE', Buffer.from('no DEFLATE'), 'order.packed: not a list of names in raw DEFLATE'],
  ['a mebibyte after decompression', deflateRawSync('a\n'.repeat(512 * 1024)), 'order.packed: not a list of names in raw DEFLATE'],
  ['an empty name', deflateRawSync('shop\n\nbank'), 'order.packed.1: Too small'],
])('compressed names are accepted or refused with a problem: %s', (_, packed, problem) => {
  const result = fromController.safeParse({ message: 'order', order: { ...anOrder, podSelector: '{}', packed } });
  const problems = result.error?.issues.map(({ path, message }) => `${path.join('.')}: ${message}`) ?? [];
  expect(problems).toEqual(problem === undefined ? [] : [expect.stringContaining(problem)]);
});

test('decompression stops at the bound of its output', () => {
  expect(() => unpackNames(deflateRawSync('a'.repeat(1024 * 1024)), 65_536)).toThrow(
    expect.objectContaining({ code: 'ERR_BUFFER_TOO_LARGE' }) as Error,
  );
});

test('a message of an unknown kind is no error', () => {
  const unknownField = Buffer.from([0x7a, 0x02, 0x08, 0x01]); // field 15, two bytes
  expect(decodeFromAgent(unknownField)).toEqual({ ok: true, value: {} });
});

test.each([
  ['a counter that is not finite', { ...largestReport, joinedSockets: Number.POSITIVE_INFINITY }],
  ['a counter above 2^53', { ...largestReport, joinedSockets: 2 ** 60 }],
  ['more namespaces than allowed', { ...largestReport, namespaces: [...largestReport.namespaces, ...largestReport.namespaces.slice(0, 1)] }],
  ['a counter of a namespace below 0', { ...largestReport, namespaces: [{ ...largestReport.namespaces[0], left: -1 }] }],
  [
    'a fractional counter of a reason',
    { ...largestReport, namespaces: [{ ...largestReport.namespaces[0], reasons: [{ reason: 'PeerElsewhere', connections: 0.5 }] }] },
  ],
  ['a namespace without a name', { ...largestReport, namespaces: [{ ...largestReport.namespaces[0], name: '' }] }],
])('a report with %s is refused', (_, bad) => {
  const result = fromAgent.safeParse({ message: 'report', report: bad });
  expect(result.success).toBe(false);
});

const [esc, override] = ['\u001b', '\u202e'];
const aHello = { agentVersion: '1', kernel: '6.1', architecture: 'x64', mapAbi: 2, live: true, changes: true, packed: true };
const withConnection = (changes: Partial<Connection>): object => ({
  message: 'watched',
  watched: { ...largestWatched, connections: [{ ...longestConnection, ...changes }] },
});

test.each<[string, object, string]>([
  ['the kernel of a Hello', { message: 'hello', hello: { ...aHello, kernel: `6.1${esc}]0;owned` } }, 'hello.kernel'],
  ['the version of a Hello', { message: 'hello', hello: { ...aHello, agentVersion: '1\n2' } }, 'hello.agentVersion'],
  ['the architecture of a Hello', { message: 'hello', hello: { ...aHello, architecture: override } }, 'hello.architecture'],
  [
    'a problem',
    { message: 'report', report: { ...largestReport, problems: [{ reason: 'NoBtf', message: 'a\u009b2Jb' }] } },
    'report.problems.0.message',
  ],
  [
    'a namespace',
    { message: 'report', report: { ...largestReport, namespaces: [{ ...largestReport.namespaces[0], name: 'shop bank' }] } },
    'report.namespaces.0.name',
  ],
  [
    'a gate',
    { message: 'report', report: { ...largestReport, namespaces: [{ ...largestReport.namespaces[0], passes: [{ gate: 'a\nb', messages: 1 }] }] } },
    'report.namespaces.0.passes.0.gate',
  ],
  ['the problem of an answer', { message: 'watched', watched: { ...largestWatched, problem: `all well${override}` } }, 'watched.problem'],
  [
    'a pod of an answer',
    { message: 'watched', watched: { ...largestWatched, pods: [{ ...largestWatched.pods[0], name: 'a\u2028b' }] } },
    'watched.pods.0.name',
  ],
  ...(['id', 'namespace', 'pod', 'local', 'remote', 'path', 'original', 'redirected', 'peer', 'reason'] as const).map(
    (field): [string, object, string] => [
      `the ${field} of a connection`,
      withConnection({ [field]: `a${esc}[31mb` }),
      `watched.connections.0.${field}`,
    ],
  ),
  [
    'the kind of an event',
    { message: 'watched', watched: { ...largestWatched, events: [{ type: 'Op\ned', connection: longestConnection }] } },
    'watched.events.0.type',
  ],
])('a message with a control character in %s is refused', (_what, message, where) => {
  expect(fromAgent.safeParse(message).error?.issues.map(({ path }) => path.join('.'))).toEqual([where]);
});

test('a counter above 2^53 is refused in encoded form too', () => {
  const bytes = Buffer.from([0x12, 0x0a, 0x28, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f]); // report.joined_sockets
  expect(decodeFromAgent(bytes)).toMatchObject({ ok: false, problem: expect.stringContaining('report.joinedSockets') as string });
});

test('bytes that are no protobuf message are refused with a problem', () => {
  expect(decodeFromAgent(Buffer.from([0xff, 0xff, 0xff]))).toMatchObject({ ok: false });
});

test('an order whose selector is not JSON is refused', () => {
  const result = fromController.safeParse({ message: 'order', order: { ...anOrder, podSelector: '{' } });
  expect(result.success).toBe(false);
});

test('an unknown node reason becomes AgentNotReady, and an unknown connection reason is left out', () => {
  const newer = {
    ...largestReport,
    problems: [{ reason: 'SomethingNew', message: 'm' }],
    namespaces: [{ ...largestReport.namespaces[0], reasons: [{ reason: 'AlsoNew', connections: 1 }] }],
  };
  const result = report.parse(newer);
  expect(result.problems).toEqual([{ reason: 'AgentNotReady', message: 'm' }]);
  expect(result.namespaces[0]?.reasons).toEqual([]);
});
