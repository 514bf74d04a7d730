// An order as few bytes as can be: a thousand namespaces go to thousands of agents, and few of them change.
import { type Hello, maxNamespaces, type Order, type OrderMessage } from './messages';
import { encodeFromController } from './wire';

/** What the other end of a stream has said it reads; agents of earlier releases read neither. */
export type OrderReader = Pick<Hello, 'changes' | 'packed'>;
type Made = WeakMap<Order, WeakMap<Order, OrderMessage>>;

/** Nearly all streams go from the same order to the same next one: that message is made once for each kind of reader. */
const made: Record<'packed' | 'plain', Made> = { packed: new WeakMap(), plain: new WeakMap() };

/** @param told the order this stream had last */
export function orderMessage(order: Order, reader: OrderReader, told?: Order): OrderMessage {
  const kind = made[reader.packed ? 'packed' : 'plain'];
  const since = reader.changes ? (told ?? order) : order;
  const known = kind.get(order) ?? new WeakMap<Order, OrderMessage>();
  kind.set(order, known);
  const message = known.get(since) ?? (since === order ? whole(order, reader) : changed(order, reader, since));
  known.set(since, message);
  return message;
}

function whole(order: Order, { packed }: OrderReader): OrderMessage {
  const names = packed ? { namespaces: [], packed: order.namespaces } : { packed: [] };
  return { ...order, ...names, since: 0, added: [], removed: [] };
}

function changed(order: Order, reader: OrderReader, since: Order): OrderMessage {
  const [before, after] = [new Set(since.namespaces), new Set(order.namespaces)];
  const added = order.namespaces.filter((name) => !before.has(name));
  const removed = since.namespaces.filter((name) => !after.has(name));
  const [changes, all] = [{ ...order, namespaces: [], packed: [], since: since.revision, added, removed }, orderMessage(order, reader)];
  return bytesOf(changes) < bytesOf(all) ? changes : all;
}

function bytesOf(order: OrderMessage): number {
  return encodeFromController({ message: 'order', order }).length;
}

/**
 * The order that a message amounts to; namespaces are sorted by name, as in every order.
 * @param had the order this stream had before it
 * @throws Error when the message is about changes since another one, or they make the order too long
 */
export function orderOfMessage({ since, added, removed, packed, ...order }: OrderMessage, had: Order | undefined): Order {
  if (since === 0) return packed.length === 0 ? order : { ...order, namespaces: packed };
  if (since !== had?.revision) throw new Error(`changes since order ${since}, and the last one was ${had?.revision ?? 'none'}`);
  const gone = new Set(removed);
  const namespaces = had.namespaces.filter((name) => !gone.has(name));
  if (namespaces.length + added.length > maxNamespaces) throw new Error(`an order of ${namespaces.length + added.length} namespaces, and ${maxNamespaces} are the most`);
  return { ...order, namespaces: added.length === 0 ? namespaces : [...namespaces, ...added].sort() };
}
