// For tests: how long a connection goes on that was open when a rule came that drops its packets. NetworkPolicies are such rules.
import { setTimeout as pause } from 'node:timers/promises';
import { type Fixture, until } from './fixture';
import { script } from './traffic';

const port = 8000;
/** Milliseconds from the rule to the last byte that still arrives: the product's bound, and what the machine takes for a message. */
export const ruleBoundMs = 1000 + 150;

/** What talker.py can be told, with messages of so many bytes. */
export const shapes = [
  { words: 'that takes turns with small messages', shape: 'turns', bytes: 64 },
  { words: 'that takes turns with large messages', shape: 'turns', bytes: 16_384 },
  { words: 'whose requests never wait for an answer', shape: 'pipelined', bytes: 200 },
  { words: 'where only one side sends', shape: 'oneway', bytes: 200 },
  { words: 'that pauses now and then', shape: 'idle', bytes: 64 },
] as const;
export type Shape = (typeof shapes)[number]['shape'];

export interface RuleStop {
  readonly shape: Shape;
  readonly bytes: number;
  /** Bytes that were redirected before the rule. */
  readonly redirected: number;
  /** Milliseconds from the rule to the last byte that arrived; less than 0 where none came after it. */
  readonly lateMs: number;
}

/** The client talks to the server, whose namespace then gets the rule. */
export async function stopByRule(f: Fixture, shape: Shape, bytes: number): Promise<RuleStop> {
  const server = script(f.node, f.server, 'talker.py', 'server', String(port));
  await server.lines.next();
  const client = script(f.node, f.client, 'talker.py', 'client', f.server.address, String(port), shape, String(bytes));
  try {
    await until('bytes are redirected', () => f.counters('front').fastBytes > BigInt(10 * bytes));
    await pause(1500);
    const redirected = Number(f.counters('front').fastBytes);
    f.node.iptables(f.server, '-A', 'INPUT', '-p', 'tcp', '--dport', String(port), '-j', 'DROP');
    const ruleAt = Number(process.hrtime.bigint()) / 1e9;
    await pause(2500);
    server.say('when\n');
    const lastArrival = Number((await server.lines.next()).value);
    return { shape, bytes, redirected, lateMs: 1000 * (lastArrival - ruleAt) };
  } finally {
    await client.stop();
    await server.stop();
  }
}
