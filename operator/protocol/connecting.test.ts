// Connecting to an address that does not answer, such as that of a deleted pod: here a listener with a full accept queue.
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
let sockets: Socket[];
let channel: TestChannel;
let unlimited: () => void;
beforeEach(async () => {
  channel = new TestChannel();
  listener = spawn('python3', ['-c', deaf], { stdio: ['ignore', 'pipe', 'inherit'] });
  if (listener.stdout === null) throw new Error('no output to read');
  const [line] = (await once(createInterface({ input: listener.stdout }), 'line')) as [string];
  port = Number(line);
  sockets = [];
  await once(open(port), 'connect'); // now the accept queue is full
  unlimited = limitConnecting(limitMs);
});
afterEach(async () => {
  unlimited();
  for (const socket of sockets) socket.destroy();
  listener.kill('SIGKILL');
  await channel.end();
});

/** Opens a connection that is closed after the test. */
function open(to: number): Socket {
  const socket = connect(to, '127.0.0.1');
  sockets.push(socket);
  return socket;
}

test('a connection that is not established within the limit fails', async () => {
  const began = performance.now();
  await expect(once(open(port), 'close')).rejects.toMatchObject({ message: 'the TCP connection was not established within 200 ms' });
  expect(performance.now() - began).toBeGreaterThanOrEqual(limitMs - 1);
});

test('an agent reports the failure and connects again', async () => {
  let failures = 0;
  channel.agent(port, { onState: (connected, reason) => void channel.journal.add(`${connected} ${(failures += 1)} ${reason}`) });
  await channel.journal.until(/^false 2 .*the TCP connection was not established/);
});

test('a connection that the kernel established in time does not fail although the process was busy', async () => {
  const server = await channel.serve();
  const socket = open(server.port);
  await new Promise((resolve) => process.nextTick(resolve)); // the SYN has been sent
  for (const until = performance.now() + 2 * limitMs; performance.now() < until;);
  await once(socket, 'connect');
});

test('the limit does not end an established connection', async () => {
  const server = await channel.serve();
  channel.agent(server.port, {});
  await channel.journal.until(/^open identity of good$/);
  await new Promise((resolve) => setTimeout(resolve, 2 * limitMs));
  expect(channel.journal.lines.filter((line) => line.startsWith('closed'))).toEqual([]);
});
