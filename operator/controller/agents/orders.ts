// Makes the order for the agents from the spec: the selected namespaces, the content, and the revision.
import { isDeepStrictEqual } from 'node:util';
import { type Labels, matchesLabels, modeLabel, modeLabelOff, paths, type Spec, systemNamespaces } from '../../api';
import { maxNamespaces, maxReportSeconds, type Order } from '../../protocol';

/**
 * Most reports per second from all agents together in which only counters differ; reading them takes a tenth of a core. Agents send other
 * changes at once.
 */
const reportsPerSecond = 1000;

export type OrderContent = Omit<Order, 'revision'>;

export interface NamespaceLabels {
  readonly name: string;
  readonly labels: Labels;
}

/** Sorted names of the namespaces that the spec selects, without system namespaces, the product's own, and those with the label mode=off. */
export function selectedNamespaces({ selector }: Spec, namespaces: readonly NamespaceLabels[], ownNamespace: string): string[] {
  const never = new Set([...systemNamespaces, ownNamespace]);
  return namespaces
    .filter(({ name, labels }) => !never.has(name) && labels[modeLabel] !== modeLabelOff && matchesLabels(selector.namespaces, labels))
    .map(({ name }) => name)
    .sort();
}

/**
 * The content of the order for a spec. Of more than `maxNamespaces` namespaces the first by name are in the order, and `namespacesLeftOut`
 * returns the problem.
 * @param namespaces result of `selectedNamespaces`
 * @param remove true when the resource is being deleted, so that agents remove the datapath
 * @param nodes number of nodes, 0 when it is not known
 */
export function orderOf(
  { mode, selector, paths: wanted, connections }: Spec,
  namespaces: readonly string[],
  remove: boolean,
  nodes = 0,
): OrderContent {
  return {
    mode: remove ? 'Off' : mode,
    // Always in the same sequence: paths are a set in the resource, and another sequence must not make a new order.
    paths: paths.filter((path) => wanted.includes(path)),
    maxConnections: connections.max,
    spillBytes: connections.spillBytes,
    namespaces: namespaces.slice(0, maxNamespaces),
    podSelector: selector.pods,
    remove,
    reportSeconds: Math.min(maxReportSeconds, Math.max(1, Math.ceil(nodes / reportsPerSecond))),
  };
}

/** The problem for the conditions when the order has no room for all selected namespaces; undefined otherwise. */
export function namespacesLeftOut(namespaces: readonly string[]): { reason: string; message: string } | undefined {
  const left = namespaces.length - maxNamespaces;
  if (left <= 0) return undefined;
  const message = `${namespaces.length} namespaces are selected, and ${maxNamespaces} are the most: ${left} are left out, from ${namespaces[maxNamespaces]} on; narrow spec.selector.namespaces`;
  return { reason: 'TooManyNamespaces', message };
}

/** True when two orders have the same content, whatever the sequence of keys in their selectors. */
export function sameContent(a: OrderContent, b: OrderContent): boolean {
  return isDeepStrictEqual(contentOf(a), contentOf(b));
}

function contentOf({ mode, paths: list, maxConnections, spillBytes, namespaces, podSelector, remove, reportSeconds }: OrderContent): OrderContent {
  return { mode, paths: list, maxConnections, spillBytes, namespaces, podSelector, remove, reportSeconds };
}

/** Milliseconds in which an agent applies a new order and reports that. */
export const applyWithinMs = 15_000;

/** The current order. */
export class OrderBook {
  private order: Order | undefined;
  /** Revisions of the orders of the last `applyWithinMs`, and the newest one before them. */
  private revisions: readonly number[] = [];

  /** @param now milliseconds since the epoch */
  constructor(private readonly now: () => number) {}

  get current(): Order | undefined {
    return this.order;
  }

  /**
   * Replaces the order. @returns the new order; undefined when the current one has the same content. The revision is the time in milliseconds,
   * and so larger than all earlier ones, also those of earlier controllers. So no earlier order can be taken for this one.
   */
  update(content: OrderContent): Order | undefined {
    if (this.order !== undefined && sameContent(this.order, content)) return undefined;
    const revision = Math.max(Math.floor(this.now()), (this.order?.revision ?? 0) + 1);
    this.order = { revision, ...content };
    this.revisions = [...this.revisions.slice(this.overdue()), revision];
    return this.order;
  }

  /**
   * Revision of the newest order that every agent has had the time to apply; the oldest one that this controller has made, if there is none;
   * undefined before the first order.
   */
  get due(): number | undefined {
    return this.revisions[this.overdue()];
  }

  /** Index of the newest revision that is older than `applyWithinMs`, which a revision shows by itself; 0 if there is none. */
  private overdue(): number {
    const before = this.now() - applyWithinMs;
    return Math.max(
      0,
      this.revisions.findLastIndex((revision) => revision <= before),
    );
  }
}
