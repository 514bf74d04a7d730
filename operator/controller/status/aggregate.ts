// Computes the nodes, connections and namespaces of the status from the reports of all agents; pure functions.
import { maxListedNamespaces, type NamespaceStatus, share, type Status } from '../../api';
import type { NamespaceReport, Order } from '../../protocol';
import type { AgentState } from '../agents/agentState';
import { sum } from '../agents/counts';
import { stateOf } from './namespaceState';
import { totalsOf } from './namespaceTotals';
import { nodesOf, type NodesInput } from './nodes';

export type { AgentState } from '../agents/agentState';

export interface AggregateInput {
  /** The current order, whose mode decides how the counters are read. */
  readonly order: Order;
  /** Names of the selected namespaces. */
  readonly namespaces: readonly string[];
  /**
   * Every report in the list counts, also that of an agent that is being replaced, since its datapath goes on. Counters of a node that is not
   * in the list are missing from the sums, bytes included. They are pinned on the node and count again when its agent reports again.
   */
  readonly agents: readonly AgentState[];
  /** Nodes that should have an agent, from the DaemonSet; undefined until its status is about its newest generation. */
  readonly desiredNodes: number | undefined;
  /** Names of the nodes that are not Ready. */
  readonly notReady?: NodesInput['notReady'];
  readonly leftOut?: NodesInput['leftOut'];
  /** The status before, for the time since when a namespace is in its state. */
  readonly previous: Status | undefined;
  /** RFC 3339. */
  readonly now: string;
}

export type Aggregate = Pick<Status, 'nodes' | 'connections' | 'bytes' | 'summary' | 'namespaces' | 'remainder'>;

export function aggregate(input: AggregateInput): Aggregate {
  const all = namespaceStatuses(input).sort(bySize);
  const nodes = nodesOf(input);
  const { connections, bytes } = sumOf(all);
  const rest = all.slice(maxListedNamespaces);
  return {
    nodes,
    connections,
    bytes,
    summary: { nodes: nodes === undefined ? '-' : `${nodes.ready}/${nodes.desired}`, accelerated: share(connections.accelerated, connections.open) },
    namespaces: all.slice(0, maxListedNamespaces),
    ...(rest.length === 0 ? {} : { remainder: { namespaces: rest.length, ...sumOf(rest) } }),
  };
}

/** For a namespace that the status did not list before, because others were larger, the time of its state is now. */
function namespaceStatuses({ order, namespaces, agents, previous, now }: AggregateInput): NamespaceStatus[] {
  const reports = reportsByNamespace(agents);
  const before = new Map((previous?.namespaces ?? []).map((each) => [each.name, each]));
  return namespaces.map((name) => {
    const { draining, ...totals } = totalsOf(reports.get(name) ?? [], order.mode);
    const state = stateOf({ ...totals, draining }, order.mode);
    const earlier = before.get(name);
    return { name, state, ...totals, pods: { ...totals.pods }, since: earlier?.state === state ? earlier.since : now };
  });
}

function reportsByNamespace(agents: readonly AgentState[]): Map<string, NamespaceReport[]> {
  const reports = new Map<string, NamespaceReport[]>();
  for (const report of agents.flatMap(({ report }) => report?.namespaces ?? [])) {
    const list = reports.get(report.name);
    if (list === undefined) reports.set(report.name, [report]);
    else list.push(report);
  }
  return reports;
}

function sumOf(namespaces: readonly NamespaceStatus[]): Pick<NamespaceStatus, 'connections' | 'bytes'> {
  const total = (of: (namespace: NamespaceStatus) => number): number => sum(namespaces.map(of));
  return {
    connections: {
      open: total(({ connections }) => connections.open),
      accelerated: total(({ connections }) => connections.accelerated),
      adopted: total(({ connections }) => connections.adopted ?? 0),
    },
    bytes: { fast: total(({ bytes }) => bytes.fast), tcp: total(({ bytes }) => bytes.tcp) },
  };
}

/** Most open connections first, then most pods, then by name. */
function bySize(a: NamespaceStatus, b: NamespaceStatus): number {
  return b.connections.open - a.connections.open || b.pods.selected - a.pods.selected || (a.name < b.name ? -1 : 1);
}
