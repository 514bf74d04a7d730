import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { listen } from './listener';

/** Server ends of connections to the port that the kernel has let in: state 01 (include/net/tcp_states.h). */
function letIn(port: number): number {
  const local = `0100007F:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  return readFileSync('/proc/net/tcp', 'utf8').split('\n').filter((line) => line.trim().split(/\s+/).slice(1, 4).filter((_, column) => column !== 1).join() === `${local},01`).length;
}

test('more agents than Node.js has room for are let in at once while the controller is busy', async () => {
  const { port, close } = await listen('127.0.0.1:0', (socket) => socket.destroy());
  const agents: Socket[] = Array.from({ length: 800 }, () => connect(port, '127.0.0.1').on('error', () => undefined));
  // By then all have been asked for, and the kernel has answered; nothing is accepted before the thread is given up.
  await new Promise<void>((resolve) => process.nextTick(resolve));
  expect(letIn(port)).toBe(800);
  for (const agent of agents) agent.destroy();
  close();
});

test.each([['127.0.0.1:0', '127.0.0.1'], ['[::1]:0', '::1']])('listens at %s', async (address, host) => {
  const { port, close } = await listen(address, (socket) => socket.end('in'));
  const [said] = (await once(connect(port, host), 'data')) as [Buffer];
  expect(said.toString()).toBe('in');
  close();
});

test('an address that cannot be bound is an error that names it', async () => {
  const first = await listen('127.0.0.1:0', () => undefined);
  await expect(listen(`127.0.0.1:${first.port}`, () => undefined)).rejects.toThrow(`listening for agents at 127.0.0.1:${first.port}: listen EADDRINUSE`);
  first.close();
});
