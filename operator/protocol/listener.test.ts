import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { listen, type Listener, type ListenerEvents } from './listener';

const problems: string[] = [];
let opened: { cut(): void }[] = [];
afterEach(() => {
  for (const each of opened) each.cut();
  opened = [];
});

async function listenAt(address: string, onConnection: ListenerEvents['onConnection']): Promise<Listener> {
  const listener = await listen(address, { onConnection, onProblem: (problem) => problems.push(problem) });
  opened.push(listener);
  return listener;
}

function ask(port: number, host = '127.0.0.1'): Socket {
  const socket = connect(port, host).on('error', () => undefined);
  opened.push({ cut: () => socket.destroy() });
  return socket;
}

/** Number of established connections at the port, seen from the server: state 01 (include/net/tcp_states.h). */
function established(port: number): number {
  const local = `0100007F:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  return readFileSync('/proc/net/tcp', 'utf8')
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .filter(([, from, , state]) => from === local && state === '01').length;
}

test('800 agents, more than Node.js’ backlog, are connected within a second while the controller is busy', async () => {
  const { port } = await listenAt('127.0.0.1:0', (socket) => socket.destroy());
  for (let each = 0; each < 800; each += 1) ask(port);
  // After a tick every SYN has been sent. This thread accepts nothing while it polls, but the kernel may need a moment.
  await new Promise<void>((resolve) => process.nextTick(resolve));
  let seen = 0;
  for (const until = performance.now() + 900; seen < 800 && performance.now() < until;) seen = established(port); // a SYN that is not answered is repeated after a second
  expect(seen).toBe(800);
});

test.each([
  ['127.0.0.1:0', '127.0.0.1'],
  ['[::1]:0', '::1'],
])('listens at %s', async (address, host) => {
  const { port } = await listenAt(address, (socket) => socket.end('in'));
  const [said] = (await once(ask(port, host), 'data')) as [Buffer];
  expect(said.toString()).toBe('in');
});

test('close accepts no further connection, and cut ends the open ones', async () => {
  const came: Socket[] = [];
  const { port, close, cut } = await listenAt('127.0.0.1:0', (socket) => void came.push(socket.resume()));
  const agent = ask(port).resume();
  await once(agent, 'connect');
  while (came.length === 0) await new Promise((resolve) => setImmediate(resolve));
  close();
  await expect(once(ask(port), 'connect')).rejects.toThrow('ECONNREFUSED');
  expect(agent.destroyed).toBe(false);
  cut();
  await once(agent, 'close');
});

test.each(['nowhere', '127.0.0.1', '127.0.0.1:port'])('%s is refused as an address', async (address) => {
  await expect(listenAt(address, () => undefined)).rejects.toThrow(`listening for agents at ${address}: the address must be host:port`);
});

test('an address that cannot be bound is an error that names it', async () => {
  const { port } = await listenAt('127.0.0.1:0', () => undefined);
  await expect(listenAt(`127.0.0.1:${port}`, () => undefined)).rejects.toThrow(`listening for agents at 127.0.0.1:${port}: listen EADDRINUSE`);
  expect(problems).toEqual([]);
});
