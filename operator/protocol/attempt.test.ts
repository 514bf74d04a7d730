// Connecting to a controller that does not answer although the kernel accepts its connections: here a listener that reads and sends nothing.
import type { Socket } from 'node:net';
import { Backoff } from '../base';
import { TestChannel } from './channel.testing';
import { listen, type Listener } from './listener';

let channel: TestChannel;
let frozen: Listener;
let came: number;
let held: number;
beforeEach(async () => {
  [channel, came, held] = [new TestChannel(), 0, 0];
  frozen = await listen('127.0.0.1:0', {
    onConnection: (socket: Socket) => {
      [came, held] = [came + 1, held + 1];
      socket
        .on('error', () => undefined)
        .resume()
        .once('close', () => (held -= 1));
    },
    onProblem: (problem) => channel.journal.add(problem),
  });
});
afterEach(async () => {
  frozen.cut();
  await channel.end();
});

const refused = /^down .*did not accept the stream within 100 ms/;
const slow = new Backoff({ firstMs: 2500, maxMs: 2500, minMs: 2500 });

test('an agent connects again until a controller accepts its stream', async () => {
  channel.agent(frozen.port, { acceptedWithinMs: 100 });
  await channel.journal.until(refused);
  await channel.journal.until(refused, channel.journal.lines.length);
  frozen.cut();
  await channel.serve({ address: `127.0.0.1:${frozen.port}` });
  await channel.journal.until(/^up/);
});

test('an attempt that timed out leaves no connection, and the next follows after the back-off only', async () => {
  channel.agent(frozen.port, { acceptedWithinMs: 100, backoff: slow });
  await channel.journal.until(refused);
  await new Promise((resolve) => setTimeout(resolve, 2000)); // grpc-js alone would connect again after one second
  expect([came, held]).toEqual([1, 0]);
});

test('the limit does not end a stream that was accepted in time', async () => {
  const server = await channel.serve();
  channel.agent(server.port, { acceptedWithinMs: 500 });
  await channel.journal.until(/^up/);
  await new Promise((resolve) => setTimeout(resolve, 700));
  expect(channel.journal.lines.filter((line) => /^(down|closed)/.test(line))).toEqual([]);
});
