// Encodes an order in few bytes, as changes since the previous one where that is shorter: the names of a thousand namespaces go to
// thousands of agents, and few names change.
import { type Hello, maxNamespaces, type Order, type OrderMessage } from './messages';
import { encodeFromController } from './wire';

/** The encodings that an agent reads, from its Hello. Agents of earlier releases read neither. */
export type OrderReader = Pick<Hello, 'changes' | 'packed'>;
type Made = WeakMap<Order, WeakMap<Order, OrderMessage>>;

/** Nearly all streams change from the same order to the same next one, so that message is made once for each kind of reader. */
const made: Record<'packed' | 'plain', Made> = { packed: new WeakMap(), plain: new WeakMap() };

/**
 * The message that gives an agent the order.
 * @param previous the last order that was sent on the stream; undefined for the first
 */
export function orderMessage(order: Order, reader: OrderReader, previous?: Order): OrderMessage {
  const kind = made[reader.packed ? 'packed' : 'plain'];
  const since = reader.changes ? (previous ?? order) : order;
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
 * The order that a message stands for; its namespaces are sorted by name, as in every order.
 * @param had the previous order of the stream
 * @throws Error when the message has changes since another order than `had`, or when they result in too many namespaces
 */
export function orderOfMessage({ since, added, removed, packed, ...order }: OrderMessage, had: Order | undefined): Order {
  if (since === 0) return packed.length === 0 ? order : { ...order, namespaces: packed };
  if (since !== had?.revision) {
    throw new Error(`the message has changes since order ${since}, but the previous order of the stream is ${had?.revision ?? 'none'}`);
  }
  const gone = new Set(removed);
  const namespaces = had.namespaces.filter((name) => !gone.has(name));
  const count = namespaces.length + added.length;
  if (count > maxNamespaces) throw new Error(`the order has ${count} namespaces, and at most ${maxNamespaces} are allowed`);
  return { ...order, namespaces: added.length === 0 ? namespaces : [...namespaces, ...added].sort() };
}
