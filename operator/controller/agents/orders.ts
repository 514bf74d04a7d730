// What the agents are told: which namespaces are selected, what the order says, and when it is a new one.
import { isDeepStrictEqual } from 'node:util';
import { type Labels, matchesLabels, modeLabel, modeLabelOff, paths, type Spec, systemNamespaces } from '../../api';
import { maxNamespaces, maxReportSeconds, type Order } from '../../protocol';

/** Of bytes and other counts, from all agents together: to read so many costs a tenth of a core. What changes otherwise is told at once. */
const reportsPerSecond = 1000;

export type OrderContent = Omit<Order, 'revision'>;

export interface NamespaceLabels {
  readonly name: string;
  readonly labels: Labels;
}

/** Names of the namespaces that the spec selects, sorted; system namespaces, the product's own and those that opted out never are. */
export function selectedNamespaces({ selector }: Spec, namespaces: readonly NamespaceLabels[], ownNamespace: string): string[] {
  const never = new Set([...systemNamespaces, ownNamespace]);
  return namespaces
    .filter(({ name, labels }) => !never.has(name) && labels[modeLabel] !== modeLabelOff && matchesLabels(selector.namespaces, labels))
    .map(({ name }) => name)
    .sort();
}

/**
 * The order that the spec amounts to. More than `maxNamespaces` do not fit: the first by name are ordered, and
 * `namespacesLeftOut` says so.
 * @param namespaces as `selectedNamespaces` gave them
 * @param remove true when the resource goes: everything is to be drained and given back
 * @param nodes how many there are, as far as it is known
 */
export function orderOf({ mode, selector, paths: wanted, connections }: Spec, namespaces: readonly string[], remove: boolean, nodes = 0): OrderContent {
  return {
    mode: remove ? 'Off' : mode,
    // A set in the resource: its order must not make a new order.
    paths: paths.filter((path) => wanted.includes(path)),
    maxConnections: connections.max,
    spillBytes: connections.spillBytes,
    namespaces: namespaces.slice(0, maxNamespaces),
    podSelector: selector.pods,
    remove,
    reportSeconds: Math.min(maxReportSeconds, Math.max(1, Math.ceil(nodes / reportsPerSecond))),
  };
}

/** The problem to show in the conditions when an order cannot hold all selected namespaces. */
export function namespacesLeftOut(namespaces: readonly string[]): { reason: string; message: string } | undefined {
  const left = namespaces.length - maxNamespaces;
  if (left <= 0) return undefined;
  const message = `${namespaces.length} namespaces are selected and an order holds ${maxNamespaces}: ${left} are left out, from ${namespaces[maxNamespaces]} on; narrow spec.selector.namespaces`;
  return { reason: 'TooManyNamespaces', message };
}

/** Whether two orders ask for the same, whatever the order of keys in their selectors. */
export function sameContent(a: OrderContent, b: OrderContent): boolean {
  return isDeepStrictEqual(contentOf(a), contentOf(b));
}

function contentOf({ mode, paths: list, maxConnections, spillBytes, namespaces, podSelector, remove, reportSeconds }: OrderContent): OrderContent {
  return { mode, paths: list, maxConnections, spillBytes, namespaces, podSelector, remove, reportSeconds };
}

/** The order in force. */
export class OrderBook {
  private order: Order | undefined;

  /** @param now milliseconds since the epoch */
  constructor(private readonly now: () => number) {}

  get current(): Order | undefined {
    return this.order;
  }

  /**
   * The new order, or undefined when the current one says the same already. Its revision is larger than every earlier
   * one, those of earlier controllers included, because it is the time of day: an agent that still follows an order of
   * before is never taken for one that follows this.
   */
  update(content: OrderContent): Order | undefined {
    if (this.order !== undefined && sameContent(this.order, content)) return undefined;
    const revision = Math.max(Math.floor(this.now()), (this.order?.revision ?? 0) + 1);
    this.order = { revision, ...content };
    return this.order;
  }
}
