// Agents that read nothing or send too much: other agents do not wait for them, and they cost little memory.
import { anOrder, hello, reportOf, sayHello, TestChannel } from './channel.testing';
import { maxNamespaces } from './messages';
import { encodeFromAgent } from './wire';

let channel: TestChannel;
beforeEach(() => {
  channel = new TestChannel();
});
afterEach(() => channel.end());

test('an agent that reads nothing delays no other agent, and gets the latest order when it reads again', async () => {
  const { port } = await channel.serve();
  const slow = channel.raw(port, 'good slow');
  // This agent gets each order whole, the other one gets changes: one new name in each order.
  slow.say(sayHello({ message: 'hello', hello: { ...hello, changes: false, packed: false } }));
  await channel.journal.until(/^open identity of good slow/);
  const told: string[][] = [];
  channel.agent(port, { onOrder: ({ revision, namespaces }) => void (told.push([...namespaces]), channel.journal.add(`order ${revision}`)) });
  await channel.journal.until(/^open identity of good$/);
  const namespaces = Array.from({ length: maxNamespaces }, (_, index) => `${index}-`.padEnd(63, 'x'));
  const named = (revision: number): string[] => [`0-${revision}`, ...namespaces.slice(1)].sort();
  const heldBefore = process.memoryUsage();
  const last = 1500; // of 65 KiB each
  for (let revision = 1; revision <= last; revision += 1)
    for (const session of channel.sessions) session.send({ ...anOrder, namespaces: named(revision), revision });
  await channel.journal.until(new RegExp(`^order ${last}$`));
  expect(told.at(-1)).toEqual(named(last));
  const held = process.memoryUsage();
  expect(held.external + held.heapUsed - heldBefore.external - heldBefore.heapUsed).toBeLessThan(50_000_000);
  const seen: number[] = [];
  await new Promise<void>((resolve) => {
    slow.read((message) => {
      if (message.message === 'order') seen.push(message.order.revision);
      if (seen.at(-1) === last) resolve();
    });
  });
  expect(seen.length).toBeLessThan(10);
});

test('an agent that sends too fast is read at the limited pace, and other agents do not wait', async () => {
  const { port } = await channel.serve({}, { messageIntervalMs: 50 });
  const good = channel.agent(port, {});
  const loud = channel.raw(port, 'good loud');
  loud.say(sayHello());
  await channel.journal.until(/^open identity of good loud/);
  for (let each = 0; each < 20_000; each += 1) loud.say(encodeFromAgent({ message: 'report', report: reportOf(1) }));
  const began = performance.now();
  good.send(reportOf(99));
  await channel.journal.until(/^report 99/);
  const heard = channel.journal.lines.filter((line) => line === 'report 1').length;
  expect(heard).toBeLessThanOrEqual((performance.now() - began) / 50 + 5);
});
