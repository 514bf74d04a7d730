// Who is talked to: tokens, certificates, and the seats there are.
import { status } from '@grpc/grpc-js';
import { testAuthority } from './certificates.testing';
import { reportOf, serverName, TestChannel } from './channel.testing';
import { Refused } from './refused';

let channel: TestChannel;
beforeEach(() => {
  channel = new TestChannel();
});
afterEach(() => channel.end());

test('a wrong token is refused and logged, and the agent is told why', async () => {
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

test('a missing token file is told and tried again until it is there', async () => {
  const { port } = await channel.serve();
  channel.agent(port, { tokenFile: channel.path('later') });
  expect(await channel.journal.until(/^down/)).toMatch(/ENOENT.*later/);
  channel.write('later', 'good');
  await channel.journal.until(/^open/);
});

test('when tokens cannot be checked the agent is told to come back, without the inner cause', async () => {
  const { port } = await channel.serve({ authenticate: () => Promise.reject(new Error('API server at 10.0.0.1 is down')) });
  channel.agent(port);
  expect(await channel.journal.until(/^down/)).toMatch(/UNAVAILABLE: the token cannot be checked now/);
  expect(await channel.journal.until(/^refused checking/)).toMatch(/API server at 10\.0\.0\.1 is down/);
});

test('a check that takes too long is UNAVAILABLE', async () => {
  const { port } = await channel.serve({ authenticate: () => new Promise(() => undefined) }, { authenticateMs: 20 });
  expect((await channel.raw(port).ended).code).toBe(status.UNAVAILABLE);
});

test('a controller with a certificate of another name is not talked to', async () => {
  const { port } = await channel.serve({ tls: channel.authority.issue('somebody-else.test') });
  channel.agent(port);
  await channel.journal.until(/^down .*UNAVAILABLE/);
  expect(channel.sessions).toEqual([]);
});

test('a controller of another CA is not talked to', async () => {
  const other = testAuthority();
  const { port } = await channel.serve({ tls: other.issue(serverName) });
  channel.agent(port);
  await channel.journal.until(/^down .*UNAVAILABLE/);
  expect(channel.sessions).toEqual([]);
});

test('a replaced certificate serves new connections while open streams go on', async () => {
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

test('a second agent that claims a node is refused with the status the controller chose', async () => {
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
  test('is shown anew when its file has another, on the same stream', async () => {
    const { port } = await channel.serve();
    channel.agent(port, { tokenCheckMs: 10 });
    await channel.journal.until(/^open/);
    channel.write('token', 'good fresh');
    await channel.journal.until(/^renewed identity of good fresh/);
    expect(channel.journal.lines.filter((line) => /^(open|closed|down)/.test(line))).toEqual(['open identity of good']);
  });

  test('that becomes too old ends the stream; the agent comes back', async () => {
    const { port } = await channel.serve({}, { tokenAgeMs: 30 });
    channel.agent(port);
    expect(await channel.journal.until(/^down/)).toContain('UNAUTHENTICATED: no fresh token was shown');
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

