// A controller that stops ends within seconds, whatever its clients do.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { createInterface } from 'node:readline';
import { sayHello, TestChannel } from './channel.testing';
import type { AgentServer } from './server';
import { connectPath } from './wire';

/** An agent in another process; its arguments are port, path and first message. */
const agent = `
  const [port, path, hello] = process.argv.slice(1);
  const session = require('node:http2').connect('https://127.0.0.1:' + port, { rejectUnauthorized: false });
  const headers = { ':method': 'POST', ':path': path, 'content-type': 'application/grpc', te: 'trailers', authorization: 'Bearer good' };
  const stream = session.request(headers);
  stream.on('response', () => console.log('accepted'));
  stream.write(Buffer.from(hello, 'hex'));
`;

let channel: TestChannel;
let children: ChildProcess[];
beforeEach(() => {
  [channel, children] = [new TestChannel(), []];
});
afterEach(async () => {
  for (const child of children) child.kill('SIGKILL');
  await channel.end();
});

async function frozen(port: number): Promise<void> {
  const hello = sayHello();
  const frame = Buffer.concat([Buffer.alloc(5), hello]);
  frame.writeUInt32BE(hello.length, 1);
  const child = spawn(process.execPath, ['-e', agent, String(port), connectPath, frame.toString('hex')], { stdio: ['ignore', 'pipe', 'inherit'] });
  children.push(child);
  await once(createInterface({ input: child.stdout }), 'line');
  child.kill('SIGSTOP');
}

async function endedInTime(server: AgentServer): Promise<void> {
  const began = performance.now();
  await server.close();
  expect(performance.now() - began).toBeLessThan(5000);
}

test('a server closes within seconds although an agent with an open stream is frozen', async () => {
  const server = await channel.serve();
  await frozen(server.port);
  await endedInTime(server);
});

test('a server closes within seconds, and closes a connection that never began its TLS handshake', async () => {
  const server = await channel.serve();
  const silent = connect(server.port, '127.0.0.1').resume();
  await once(silent, 'connect');
  const gone = once(silent, 'close');
  await endedInTime(server);
  await gone;
});
