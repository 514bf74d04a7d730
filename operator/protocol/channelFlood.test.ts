// Connections that make the controller open streams or read frames without showing a token are ended before they cost anything.
import { once } from 'node:events';
import { connect, type TLSSocket } from 'node:tls';
import { sayHello, TestChannel } from './channel.testing';
import { frame, frameType, opening, rapidResets } from './frames.testing';
import { encodeFromAgent } from './wire';
import { namespaces } from './heavy.testing';
import { reportOf } from './channel.testing';

let channel: TestChannel;
let flooding: TLSSocket[];
beforeEach(() => {
  [channel, flooding] = [new TestChannel(), []];
});
afterEach(async () => {
  for (const each of flooding) each.destroy();
  await channel.end();
});

async function flood(port: number, bytes: Buffer): Promise<void> {
  const socket = connect({ port, host: '127.0.0.1', rejectUnauthorized: false, ALPNProtocols: ['h2'] }).on('error', () => undefined);
  flooding.push(socket);
  await once(socket, 'secureConnect');
  socket.resume().write(Buffer.concat([opening, bytes]));
  await once(socket, 'close');
}

test.each([
  ['streams that are reset', rapidResets(100), 'more than 2 streams'],
  ['PINGs', Buffer.concat(Array.from({ length: 1000 }, () => frame(frameType.ping, 0, 0, Buffer.alloc(8)))), 'frames for control'],
])('a connection that sends %s is ended at once and reported, and no stream reaches the server', async (_what, bytes, why) => {
  const { port } = await channel.serve();
  const began = performance.now();
  await flood(port, bytes);
  expect(performance.now() - began).toBeLessThan(1000);
  expect(await channel.journal.until(/^refused connection of/)).toContain(why);
  expect(channel.journal.lines.filter((line) => line.includes('no bearer token'))).toEqual([]);
});

test('an agent that sends the dearest valid reports gets a tenth of the process, and is not ended', async () => {
  const { port } = await channel.serve();
  const stream = channel.raw(port);
  stream.say(sayHello());
  await channel.journal.until(/^open/);
  const dear = encodeFromAgent({ message: 'report', report: { ...reportOf(1), namespaces: namespaces() } });
  for (let each = 0; each < 60; each += 1) stream.say(dear);
  await channel.journal.until(/^report 1/);
  const before = process.threadCpuUsage();
  await new Promise((resolve) => setTimeout(resolve, 3000));
  const { user, system } = process.threadCpuUsage(before);
  expect((user + system) / 1000).toBeLessThan(600);
  expect(channel.journal.lines.some((line) => /^(closed|refused)/.test(line))).toBe(false);
});
