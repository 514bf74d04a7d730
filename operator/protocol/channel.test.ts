// Orders and reports on the channel, reconnecting and closing.
import { anOrder, hello, reportOf, TestChannel } from './channel.testing';

let channel: TestChannel;
beforeEach(() => {
  channel = new TestChannel();
});
afterEach(() => channel.end());

test('an agent sends Hello and reports, and gets orders', async () => {
  const { port } = await channel.serve();
  const client = channel.agent(port);
  client.send(reportOf(0));
  expect(await channel.journal.until(/^open/)).toBe('open identity of good');
  await channel.journal.until(/^report 0/);
  channel.sessions[0]?.send(anOrder);
  channel.sessions[0]?.send({ ...anOrder, revision: 2 });
  channel.sessions[0]?.send({ ...anOrder, revision: 3 });
  await channel.journal.until(/^order 3/);
  client.send(reportOf(3));
  await channel.journal.until(/^report 3/);
  expect(channel.sessions[0]?.hello).toEqual(hello);
});

test('of reports that come faster than they can be sent only the latest is sent', async () => {
  const { port } = await channel.serve({}, { messageIntervalMs: 20 });
  const client = channel.agent(port);
  await channel.journal.until(/^up/);
  for (let revision = 0; revision < 2000; revision += 1) client.send(reportOf(revision));
  await channel.journal.until(/^report 1999$/);
  expect(channel.journal.lines.filter((line) => line.startsWith('report')).length).toBeLessThan(50);
});

test('an agent that waits for its stream to be accepted then sends only its latest report', async () => {
  let letIn: (identity: string) => void = () => undefined;
  let shown: () => void = () => undefined;
  const asked = new Promise<void>((resolve) => (shown = resolve));
  const authenticate = (): Promise<string> => {
    shown();
    return new Promise((resolve) => (letIn = resolve));
  };
  const { port } = await channel.serve({ authenticate });
  const client = channel.agent(port);
  client.send(reportOf(1));
  await asked;
  client.send(reportOf(2));
  client.send(reportOf(3));
  letIn('good');
  await channel.journal.until(/^report 3$/);
  client.send(reportOf(4));
  await channel.journal.until(/^report 4$/);
  expect(channel.journal.lines.filter((line) => line.startsWith('report'))).toEqual(['report 3', 'report 4']);
});

test('an agent reconnects after the controller has stopped, and repeats its latest report', async () => {
  const first = await channel.serve();
  const client = channel.agent(first.port);
  client.send(reportOf(41));
  await channel.journal.until(/^report 41/);
  await first.close();
  await channel.journal.until(/^down .*UNAVAILABLE/);
  channel.journal.lines.splice(0);
  await channel.serve({ address: `127.0.0.1:${first.port}` });
  await channel.journal.until(/^report 41/);
});

test('a rotated token is used for the next stream', async () => {
  const { port } = await channel.serve();
  channel.agent(port);
  await channel.journal.until(/^open identity of good$/);
  channel.write('token', 'good2');
  channel.sessions[0]?.close('for the test');
  await channel.journal.until(/^open identity of good2$/);
  expect(channel.journal.lines).toContain('closed for the test');
});

test('a controller that throws on a report ends that stream only', async () => {
  const { port } = await channel.serve({
    onStream: () => ({
      onReport: () => {
        throw new Error('defect');
      },
      onClose: () => undefined,
    }),
  });
  channel.agent(port).send(reportOf(1));
  expect(await channel.journal.until(/^refused handling/)).toContain('defect');
  await channel.journal.until(/^down .*INTERNAL/);
});

test('an error in a callback of the agent goes to onDefect and is not thrown', async () => {
  const { port } = await channel.serve();
  channel.agent(port, {
    onOrder: () => {
      throw new Error('defect');
    },
  });
  await channel.journal.until(/^open/);
  channel.sessions[0]?.send(anOrder);
  expect(await channel.journal.until(/^defect/)).toContain('defect');
});

test('the controller gets the last report of an agent that closes, and then the end of its stream', async () => {
  const { port } = await channel.serve();
  const client = channel.agent(port);
  await channel.journal.until(/^open/);
  client.send(reportOf(5));
  await client.close();
  await channel.journal.until(/^closed/);
  expect(channel.journal.lines.filter((line) => /^(report|closed)/.test(line))).toEqual(['report 5', 'closed the agent ended the stream']);
});

test('the error for an address that is in use names the address', async () => {
  const { port } = await channel.serve();
  await expect(channel.serve({ address: `127.0.0.1:${port}` })).rejects.toThrow(`listening for agents at 127.0.0.1:${port}`);
});
