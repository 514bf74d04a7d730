// Connecting to an address that does not answer, as that of a pod that has gone: here a listener whose queue is full.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { TestChannel } from './channel.testing';
import { limitConnecting } from './connecting';

const limitMs = 200;
const deaf = "import socket,time;s=socket.socket();s.bind(('127.0.0.1',0));s.listen(0);print(s.getsockname()[1],flush=True);time.sleep(60)";

let listener: ChildProcess;
let port: number;
let waiting: Socket[];
let unlimited: () => void;
beforeEach(async () => {
  listener = spawn('python3', ['-c', deaf], { stdio: ['ignore', 'pipe', 'inherit'] });
  if (listener.stdout === null) throw new Error('no output to read');
  [port] = ((await once(createInterface({ input: listener.stdout }), 'line')) as [string]).map(Number) as [number];
  waiting = [connect(port, '127.0.0.1')]; // and its queue is full
  await Promise.all(waiting.map((socket) => once(socket, 'connect')));
  unlimited = limitConnecting(limitMs);
});
afterEach(() => {
  unlimited();
  for (const socket of waiting) socket.destroy();
  listener.kill('SIGKILL');
});

test('a request that nobody answers fails after the limit', async () => {
  const socket = connect(port, '127.0.0.1');
  waiting.push(socket);
  const began = performance.now();
  const [error] = (await once(socket, 'close').then(() => [new Error('closed')], (failure: unknown) => [failure])) as [Error];
  expect(error.message).toBe('no answer to the request for a connection within 200 ms');
  expect(performance.now() - began).toBeGreaterThanOrEqual(limitMs - 1);
});

test('an agent says so, and tries again', async () => {
  const channel = new TestChannel();
  try {
    let failures = 0;
    channel.agent(port, { onState: (connected, reason) => void channel.journal.add(`${connected} ${(failures += 1)} ${reason}`) });
    await channel.journal.until(/^false 2 .*no answer to the request for a connection/);
  } finally {
    await channel.end();
  }
});

test('an answer that came in time counts although this process was busy', async () => {
  const channel = new TestChannel();
  try {
    const { port: open } = await channel.serve();
    const socket = connect(open, '127.0.0.1');
    await new Promise((resolve) => process.nextTick(resolve)); // it has been asked for
    for (const until = performance.now() + 2 * limitMs; performance.now() < until; );
    await once(socket, 'connect');
    socket.destroy();
  } finally {
    await channel.end();
  }
});

test('a connection that was answered in time stays', async () => {
  const channel = new TestChannel();
  try {
    const { port: open } = await channel.serve();
    channel.agent(open, {});
    await channel.journal.until(/^open identity of good$/);
    await new Promise((resolve) => setTimeout(resolve, 2 * limitMs));
    expect(channel.journal.lines.filter((line) => line.startsWith('closed'))).toEqual([]);
  } finally {
    await channel.end();
  }
});
