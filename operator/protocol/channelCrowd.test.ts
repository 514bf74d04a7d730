// Hundreds of connections that are no agents, from the agent's address and from another: the agent is accepted, and they are closed.
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { sayHello, TestChannel } from './channel.testing';

let channel: TestChannel;
let crowd: Socket[];
beforeEach(() => {
  [channel, crowd] = [new TestChannel(), []];
});
afterEach(async () => {
  for (const each of crowd) each.destroy();
  await channel.end();
});

async function come(count: number, shakesHands: boolean, port: number, localAddress: string): Promise<void> {
  crowd = Array.from({ length: count }, () => {
    const socket = connect({ port, host: '127.0.0.1', localAddress }).on('error', () => undefined);
    if (shakesHands)
      connectTls({ socket, rejectUnauthorized: false, ALPNProtocols: ['h2'] })
        .on('error', () => undefined)
        .resume();
    else socket.resume();
    return socket;
  });
  await Promise.all(crowd.map((each) => once(each, 'connect')));
}

describe.each([
  ['127.0.0.2', 'another address'],
  ['127.0.0.1', 'the agent’s own address'],
])('with connections from %s, %s', (from) => {
  test.each([
    ['send nothing', false],
    ['finish the TLS handshake and open no stream', true],
  ])(
    'an agent is accepted among 250 connections that %s, and these are closed',
    async (_, shakesHands) => {
      const { port } = await channel.serve();
      await come(250, shakesHands, port, from);
      const began = performance.now();
      channel.agent(port);
      await channel.journal.until(/^open identity of good/);
      expect(performance.now() - began).toBeLessThan(from === '127.0.0.1' && shakesHands ? 15_000 : 3000);
      await Promise.all(crowd.map(async (each) => each.destroyed || once(each, 'close')));
      expect(channel.journal.lines.some((line) => line.startsWith('down'))).toBe(false);
    },
    60_000,
  );
});

test('streams whose token is not checked yet do not count as agents', async () => {
  let asked = 0;
  const { port } = await channel.serve({
    maxStreams: 1,
    authenticate: (token) => ((asked += 1), token.startsWith('good') ? Promise.resolve(token) : new Promise(() => undefined)),
  });
  for (let each = 0; each < 5; each += 1) channel.raw(port, 'unknown').say(sayHello());
  while (asked < 5) await new Promise((resolve) => setTimeout(resolve, 5));
  channel.agent(port);
  await channel.journal.until(/^open good/);
});
