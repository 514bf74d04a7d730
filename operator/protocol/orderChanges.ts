// An order as what has changed since one the stream has had: a thousand namespaces go to thousands of agents, and few change.
import { maxNamespaces, type Order, type OrderMessage } from './messages';

/** Nearly all streams go from the same order to the same next one: that message is made once. */
const made = new WeakMap<Order, WeakMap<Order, OrderMessage>>();

/** @param since the order this stream had last; the same as `order`, as by default, for a whole one */
export function orderMessage(order: Order, since = order): OrderMessage {
  const known = made.get(order) ?? new WeakMap<Order, OrderMessage>();
  made.set(order, known);
  const message = known.get(since) ?? (since === order ? whole(order) : changed(order, since));
  known.set(since, message);
  return message;
}

function whole(order: Order): OrderMessage {
  return { ...order, since: 0, added: [], removed: [] };
}

function changed(order: Order, since: Order): OrderMessage {
  const [before, after] = [new Set(since.namespaces), new Set(order.namespaces)];
  const added = order.namespaces.filter((name) => !before.has(name));
  const removed = since.namespaces.filter((name) => !after.has(name));
  if (added.length + removed.length >= order.namespaces.length) return orderMessage(order);
  return { ...order, namespaces: [], since: since.revision, added, removed };
}

/**
 * The order that a message amounts to; namespaces are sorted by name, as in every order.
 * @param had the order this stream had before it
 * @throws Error when the message is about changes since another one, or they make the order too long
 */
export function orderOfMessage({ since, added, removed, ...order }: OrderMessage, had: Order | undefined): Order {
  if (since === 0) return order;
  if (since !== had?.revision) throw new Error(`changes since order ${since}, and the last one was ${had?.revision ?? 'none'}`);
  const gone = new Set(removed);
  const namespaces = had.namespaces.filter((name) => !gone.has(name));
  if (namespaces.length + added.length > maxNamespaces) throw new Error(`an order of ${namespaces.length + added.length} namespaces, and ${maxNamespaces} are the most`);
  return { ...order, namespaces: added.length === 0 ? namespaces : [...namespaces, ...added].sort() };
}
