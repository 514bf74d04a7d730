// A stream that breaks the rules of the protocol is ended; other streams go on.
import { type StatusObject, status } from '@grpc/grpc-js';
import { reportOf, sayHello, TestChannel } from './channel.testing';
import { encodeFromAgent, maxMessageBytes } from './wire';

let channel: TestChannel;
beforeEach(() => {
  channel = new TestChannel();
});
afterEach(() => channel.end());

describe('a stream is ended and logged, and other streams go on, after', () => {
  async function disturb(misbehave: (stream: { say(bytes: Buffer): void }) => void): Promise<StatusObject> {
    const { port } = await channel.serve();
    const good = channel.agent(port);
    await channel.journal.until(/^open/);
    const bad = channel.raw(port);
    misbehave(bad);
    const end = await bad.ended;
    expect(await channel.journal.until(/^refused/)).toContain(status[end.code]);
    good.send(reportOf(99));
    await channel.journal.until(/^report 99/);
    expect(channel.journal.lines.some((line) => line.startsWith('down'))).toBe(false);
    return end;
  }

  test('bytes that are no message', async () => {
    const end = await disturb(({ say }) => say(Buffer.from([0xff, 0xff, 0xff])));
    expect(end.code).toBe(status.INVALID_ARGUMENT);
  });

  test('a message larger than 1 MiB', async () => {
    const end = await disturb(({ say }) => say(Buffer.alloc(maxMessageBytes + 1)));
    expect(end.code).toBe(status.RESOURCE_EXHAUSTED);
  });

  test('a report before hello', async () => {
    const end = await disturb(({ say }) => say(sayHello({ message: 'report', report: reportOf(1) })));
    expect(end).toMatchObject({ code: status.INVALID_ARGUMENT, details: 'the first message is not Hello' });
  });

  test('hello twice', async () => {
    const end = await disturb(({ say }) => {
      say(sayHello());
      say(sayHello());
    });
    expect(end).toMatchObject({ code: status.INVALID_ARGUMENT, details: 'the agent sent Hello twice' });
  });

  test('a report out of bounds', async () => {
    const end = await disturb(({ say }) => {
      say(sayHello());
      say(encodeFromAgent({ message: 'report', report: { ...reportOf(1), joinedSockets: 2 ** 60 } }));
    });
    expect(end.code).toBe(status.INVALID_ARGUMENT);
    expect(end.details).toContain('report.joinedSockets');
  });
});

test('a stream without hello is ended', async () => {
  const { port } = await channel.serve({}, { helloMs: 20 });
  expect(await channel.raw(port).ended).toMatchObject({ code: status.DEADLINE_EXCEEDED, details: 'the agent sent no Hello in time' });
});

test('a stream without reports is ended', async () => {
  const { port } = await channel.serve({}, { silenceMs: 20 });
  const stream = channel.raw(port);
  stream.say(sayHello());
  expect(await stream.ended).toMatchObject({ code: status.DEADLINE_EXCEEDED, details: 'the agent sent no report in time' });
});

test('a connection has two streams at most: the old one of an agent, and its next', async () => {
  const { port } = await channel.serve();
  const streams = channel.rawStreams(port, 5);
  for (const { say } of streams) say(sayHello());
  await channel.journal.until(/^open/, 1);
  channel.agent(port);
  await channel.journal.until(/^open/, 2);
  expect(channel.sessions).toHaveLength(3);
});
