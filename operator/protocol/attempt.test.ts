// Where the kernel lets agents in and nobody speaks, as for a controller that is frozen: here a listener that reads, and says nothing.
import type { Socket } from 'node:net';
import { Backoff } from './backoff';
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
      socket.on('error', () => undefined).resume().once('close', () => (held -= 1));
    },
    onProblem: (problem) => channel.journal.add(problem),
  });
});
afterEach(async () => {
  frozen.cut();
  await channel.end();
});

const refused = /^down .*let in, and not accepted within 100 ms/;
const slow = new Backoff({ minMs: 2500, maxMs: 2500, random: () => 0 });

test('an agent tries again until somebody speaks', async () => {
  channel.agent(frozen.port, { acceptedWithinMs: 100 });
  await channel.journal.until(refused);
  await channel.journal.until(refused, channel.journal.lines.length);
  frozen.cut();
  await channel.serve({ address: `127.0.0.1:${frozen.port}` });
  await channel.journal.until(/^up/);
});

test('nothing is left of an attempt, and no other follows before the back-off is over', async () => {
  channel.agent(frozen.port, { acceptedWithinMs: 100, backoff: slow });
  await channel.journal.until(refused);
  await new Promise((resolve) => setTimeout(resolve, 2000)); // grpc-js would be back after one second
  expect([came, held]).toEqual([1, 0]);
});

test('a stream that was accepted in time goes on', async () => {
  const server = await channel.serve();
  channel.agent(server.port, { acceptedWithinMs: 500 });
  await channel.journal.until(/^up/);
  await new Promise((resolve) => setTimeout(resolve, 700));
  expect(channel.journal.lines.filter((line) => /^(down|closed)/.test(line))).toEqual([]);
});
