// Changes since an order result in the next order, for random pairs of orders.
import fc from 'fast-check';
import { anOrder, hello, TestChannel } from './channel.testing';
import type { Order } from './messages';
import { orderMessage, orderOfMessage } from './orderChanges';
import { decodeFromController, encodeFromController } from './wire';

const names = fc.uniqueArray(fc.integer({ min: 0, max: 60 }).map((number) => `squad-${number}`)).map((list) => list.sort());
const orderOf = (revision: number, namespaces: string[]): Order => ({ ...anOrder, revision, namespaces });

test('changes since an order result in the next order after encoding, for every kind of agent', () => {
  fc.assert(
    fc.property(names, names, fc.record({ changes: fc.boolean(), packed: fc.boolean() }), (before, after, reader) => {
      const [first, next] = [orderOf(7, before), orderOf(8, after)];
      const incoming = decodeFromController(encodeFromController({ message: 'order', order: orderMessage(next, reader, first) }));
      if (!incoming.ok || incoming.value.message !== 'order') throw new Error('not an order');
      expect(orderOfMessage(incoming.value.order, first)).toEqual(next);
    }),
  );
});

test('changes since an order that the stream did not have are an error', () => {
  const longer = (last: string): string[] => ['accounts-production', 'billing-production', 'catalogue-production', 'delivery-staging', last];
  const changes = orderMessage(orderOf(8, longer('d')), hello, orderOf(7, longer('c')));
  expect(changes).toMatchObject({ since: 7, namespaces: [], added: ['d'], removed: ['c'] });
  expect(() => orderOfMessage(changes, orderOf(6, []))).toThrow('the message has changes since order 7, but the previous order of the stream is 6');
  const full = Array.from({ length: 1024 }, (_, index) => `squad-${index}`);
  expect(() => orderOfMessage({ ...changes, removed: [] }, orderOf(7, full))).toThrow('the order has 1025 namespaces, and at most 1024 are allowed');
  expect(() => orderOfMessage(changes, undefined)).toThrow('the previous order of the stream is none');
});

test('a change of mode takes few bytes for an agent that reads changes; other agents get all names, compressed if they read that', async () => {
  const namespaces = Array.from({ length: 1000 }, (_, index) => `squad-${index}-production`).sort();
  const channel = new TestChannel();
  try {
    const server = await channel.serve();
    const readers = [hello, { ...hello, changes: false }, { ...hello, changes: false, packed: false }];
    const told: Order[][] = readers.map(() => []);
    for (const [place, orders] of told.entries()) {
      const onOrder = (order: Order): void => {
        orders.push(order);
        channel.journal.add(`agent ${place} has ${orders.length}`);
      };
      const before = channel.journal.lines.length;
      channel.agent(server.port, { onOrder, hello: () => readers[place] ?? hello });
      await channel.journal.until(/^open/, before);
    }
    const [first, next] = [
      { ...anOrder, revision: 1, namespaces },
      { ...anOrder, revision: 2, mode: 'Off' as const, namespaces },
    ];
    const bytes = readers.map((reader) => encodeFromController({ message: 'order', order: orderMessage(next, reader, first) }).length);
    for (const [index, order] of [first, next].entries()) {
      for (const session of channel.sessions) session.send(order);
      for (const place of told.keys()) await channel.journal.until(new RegExp(`^agent ${place} has ${index + 1}$`));
    }
    expect(told).toEqual(readers.map(() => [first, next]));
    const [changes = 0, packed = 0, plain = 0] = bytes;
    expect([changes < 100, packed < 5000, plain > 15_000]).toEqual([true, true, true]);
  } finally {
    await channel.end();
  }
});
