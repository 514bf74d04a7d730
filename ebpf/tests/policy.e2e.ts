// A rule that drops packets stops a connection that is already open: NetworkPolicies are such rules. On the running kernel. Needs root.
import { setTimeout as pause } from 'node:timers/promises';
import { Fixture, until } from './fixture';
import { script } from './traffic';

const port = 8000;
/** Milliseconds from the rule to the last byte that arrives: the bound of the product, and the time of the machine for a message. */
const boundMs = 1000 + 150;

let f: Fixture;
beforeEach(() => {
  f = new Fixture();
});
afterEach(() => f.remove());

test.each([
  ['that takes turns with small messages', 'turns', 64],
  ['that takes turns with large messages', 'turns', 16_384],
  ['whose requests never wait for an answer', 'pipelined', 200],
  ['where only one side sends', 'oneway', 200],
  ['that pauses now and then', 'idle', 64],
] as const)('a new rule that drops packets stops within a second a connection %s', async (_, shape, bytes) => {
  const server = script(f.node, f.server, 'talker.py', 'server', String(port));
  await server.lines.next();
  const client = script(f.node, f.client, 'talker.py', 'client', f.server.address, String(port), shape, String(bytes));
  await until('bytes are redirected', () => f.counters('front').fastBytes > BigInt(10 * bytes));
  await pause(1500);
  expect(f.counters('front').fastBytes).toBeGreaterThan(BigInt(20 * bytes));

  f.node.iptables(f.server, '-A', 'INPUT', '-p', 'tcp', '--dport', String(port), '-j', 'DROP');
  const ruleAt = Number(process.hrtime.bigint()) / 1e9;
  await pause(2500);
  server.say('when\n');
  const lastArrival = Number((await server.lines.next()).value);
  expect(lastArrival).toBeGreaterThan(ruleAt - 2);
  expect(1000 * (lastArrival - ruleAt)).toBeLessThan(boundMs);
  await client.stop();
  await server.stop();
});
