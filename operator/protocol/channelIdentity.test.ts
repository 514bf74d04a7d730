// Authentication on the channel: tokens, certificates, and the limit of agents.
import { status } from '@grpc/grpc-js';
import { testAuthority } from './certificates.testing';
import { reportOf, serverName, TestChannel } from './channel.testing';
import { Refused } from './refused';

let channel: TestChannel;
beforeEach(() => {
  channel = new TestChannel();
});
afterEach(() => channel.end());

test('a token that is not valid is refused and logged, and the agent gets the reason', async () => {
  const { port } = await channel.serve();
  channel.write('token', 'bad');
  channel.agent(port);
  expect(await channel.journal.until(/^down/)).toMatch(/UNAUTHENTICATED: the token is wrong/);
  expect(await channel.journal.until(/^refused/)).toMatch(/UNAUTHENTICATED: the token is wrong/);
  expect(channel.sessions).toEqual([]);
});

test('a stream without a token is refused', async () => {
  const { port } = await channel.serve();
  const { ended } = channel.raw(port, '');
  expect((await ended).code).toBe(status.UNAUTHENTICATED);
});

test('a missing token file is reported, and the agent tries again until the file exists', async () => {
  const { port } = await channel.serve();
  channel.agent(port, { tokenFile: channel.path('later') });
  expect(await channel.journal.until(/^down/)).toMatch(/ENOENT.*later/);
  channel.write('later', 'good');
  await channel.journal.until(/^open/);
});

test('when a token cannot be checked the agent gets UNAVAILABLE without the internal cause', async () => {
  const { port } = await channel.serve({ authenticate: () => Promise.reject(new Error('API server at 10.0.0.1 is down')) });
  channel.agent(port);
  expect(await channel.journal.until(/^down/)).toMatch(/UNAVAILABLE: the token cannot be checked now/);
  expect(await channel.journal.until(/^refused checking/)).toMatch(/API server at 10\.0\.0\.1 is down/);
});

test('a check of a token that takes too long results in UNAVAILABLE', async () => {
  const { port } = await channel.serve({ authenticate: () => new Promise(() => undefined) }, { authenticateMs: 20 });
  expect((await channel.raw(port).ended).code).toBe(status.UNAVAILABLE);
});

test('an agent does not connect to a controller with a certificate for another name', async () => {
  const { port } = await channel.serve({ tls: channel.authority.issue('somebody-else.test') });
  channel.agent(port);
  await channel.journal.until(/^down .*UNAVAILABLE/);
  expect(channel.sessions).toEqual([]);
});

test('an agent does not connect to a controller with a certificate of another CA', async () => {
  const other = testAuthority();
  const { port } = await channel.serve({ tls: other.issue(serverName) });
  channel.agent(port);
  await channel.journal.until(/^down .*UNAVAILABLE/);
  expect(channel.sessions).toEqual([]);
});

test('a replaced certificate is used for new connections, and open streams go on', async () => {
  const server = await channel.serve();
  const open = channel.agent(server.port);
  open.send(reportOf(1));
  await channel.journal.until(/^report 1/);
  const other = testAuthority();
  server.useCertificate(other.issue(serverName));
  channel.write('ca2.crt', other.ca);
  channel.agent(server.port, { caFile: channel.path('ca2.crt') }).send(reportOf(2));
  await channel.journal.until(/^report 2/);
  open.send(reportOf(3));
  await channel.journal.until(/^report 3/);
  expect(() => server.useCertificate({ certificate: 'no', key: 'no' })).toThrow(/certificate and key/);
});

test('agents beyond the limit are refused', async () => {
  const { port } = await channel.serve({ maxStreams: 1 });
  channel.agent(port);
  await channel.journal.until(/^open/);
  expect((await channel.raw(port).ended).code).toBe(status.RESOURCE_EXHAUSTED);
});

test('a second agent of a node is refused with the status that onStream has thrown', async () => {
  const { port } = await channel.serve({
    onStream: () => {
      throw new Refused(status.ALREADY_EXISTS, 'the node has an agent already');
    },
  });
  channel.agent(port);
  expect(await channel.journal.until(/^down/)).toMatch(/ALREADY_EXISTS: the node has an agent already/);
  expect(await channel.journal.until(/^refused/)).toMatch(/ALREADY_EXISTS/);
});

describe('the token of a long stream', () => {
  test('is replaced on the same stream when the token file changes', async () => {
    const { port } = await channel.serve();
    channel.agent(port, { tokenCheckMs: 10 });
    await channel.journal.until(/^open/);
    channel.write('token', 'good fresh');
    await channel.journal.until(/^renewed identity of good fresh/);
    expect(channel.journal.lines.filter((line) => /^(open|closed|down)/.test(line))).toEqual(['open identity of good']);
  });

  test('ends the stream when it is too old, and the agent reconnects', async () => {
    const { port } = await channel.serve({}, { tokenAgeMs: 30 });
    channel.agent(port);
    expect(await channel.journal.until(/^down/)).toContain('UNAUTHENTICATED: the agent sent no fresh token in time');
    await channel.journal.until(/^open/, channel.journal.lines.length);
  });

  test.each([
    ['is wrong', 'bad', 'the token is wrong'],
    ["is another agent's", 'good other', "the fresh token is another agent's"],
  ])('ends the stream when the fresh one %s', async (_what, token, why) => {
    const { port } = await channel.serve();
    channel.agent(port, { tokenCheckMs: 10 });
    await channel.journal.until(/^open/);
    channel.write('token', token);
    expect(await channel.journal.until(/^down/)).toContain(`UNAUTHENTICATED: ${why}`);
  });
});
