// Probes are answered whatever other connections there are, and no client keeps a connection for long.
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { Gauge, Registry } from 'prom-client';
import { type HealthServer, serveHealth } from './health';

let server: HealthServer;
let open: Socket[];
beforeEach(async () => {
  open = [];
  const metrics = new Registry();
  // More bytes than the kernel buffers for a client that does not read.
  new Gauge({ name: 'much', help: 'x'.repeat(8 << 20), registers: [metrics] });
  server = await serveHealth(0, { alive: () => true, unready: () => undefined, metrics });
});
afterEach(() => {
  for (const socket of open) socket.destroy();
  server.close();
});

async function crowd(count: number, says: string): Promise<Socket[]> {
  const sockets = Array.from({ length: count }, () => connect(server.port, '127.0.0.1').on('error', () => undefined));
  open.push(...sockets);
  await Promise.all(sockets.map((socket) => once(socket, 'connect')));
  for (const socket of sockets) if (says !== '') socket.write(says);
  return sockets;
}

const probe = async (): Promise<number> => (await fetch(`http://127.0.0.1:${server.port}/healthz`, { signal: AbortSignal.timeout(5000) })).status;

test.each([
  ['send nothing', ''],
  ['never finish their request', 'GET /healthz HTTP/1.1\r\nhost: x\r\n'],
  ['request metrics and do not read them', 'GET /metrics HTTP/1.1\r\nhost: x\r\n\r\n'],
])('probes are answered while a hundred connections %s', async (_, says) => {
  await crowd(100, says);
  for (let each = 0; each < 20; each += 1) expect(await probe()).toBe(200);
});

test.each([
  ['nothing', ''],
  ['half a request', 'GET /he'],
])('a connection that sends %s is ended within 6 seconds', async (_, says) => {
  const began = performance.now();
  const [socket] = await crowd(1, says);
  await once((socket as Socket).resume(), 'close');
  expect(performance.now() - began).toBeLessThan(6000);
});

test('the server closes a connection after its answer, also with keep-alive', async () => {
  const [socket] = await crowd(1, 'GET /healthz HTTP/1.1\r\nhost: x\r\nconnection: keep-alive\r\n\r\n');
  const ended = once(socket as Socket, 'close');
  const [text] = (await once(socket as Socket, 'data')) as [Buffer];
  expect(text.toString()).toMatch(/^HTTP\/1\.1 200 OK\r\n[^]*Connection: close\r\n/);
  await ended;
});

/** Serves probes, sends fifty requests on one connection without waiting, and says what was answered and how often Node warned. */
const pipelining = `
  const { connect } = require('node:net');
  const { Registry } = require('prom-client');
  const { serveHealth } = require('./operator/process/health');
  let [warnings, text] = [0, ''];
  process.on('warning', () => (warnings += 1));
  serveHealth(0, { alive: () => true, unready: () => undefined, metrics: new Registry() }).then(({ port }) => {
    const socket = connect(port, '127.0.0.1');
    socket.on('data', (chunk) => (text += chunk));
    socket.on('close', () => (console.log(JSON.stringify({ warnings, answers: text.match(/HTTP\\/1\\.1 \\d+/g) })), process.exit()));
    socket.write('GET /healthz HTTP/1.1\\r\\nhost: x\\r\\n\\r\\n'.repeat(50));
  });
`;

// In a process of its own, because Jest keeps the warnings of Node away from tests.
test('of requests that a client sends without waiting only the first is answered, and none causes a warning of Node', () => {
  const { stdout } = spawnSync(process.execPath, ['-r', 'ts-node/register/transpile-only', '-e', pipelining], { encoding: 'utf8' });
  expect(JSON.parse(stdout)).toEqual({ warnings: 0, answers: ['HTTP/1.1 200'] });
}, 30_000);
