// From the reports of all agents to what the status says of nodes, connections and namespaces. Pure.
import { maxListedNamespaces, type NamespaceStatus, share, type Status } from '../../api';
import type { NamespaceReport, Order } from '../../protocol';
import type { AgentState } from '../agents/agentState';
import { sum } from '../agents/counts';
import { stateOf } from './namespaceState';
import { totalsOf } from './namespaceTotals';
import { nodesOf, type NodesInput } from './nodes';

export type { AgentState } from '../agents/agentState';

export interface AggregateInput {
  /** The order in force; its mode says what the numbers mean. */
  readonly order: Order;
  /** The selected namespaces by name. */
  readonly namespaces: readonly string[];
  /**
   * Every listed report is counted, that of an agent which is just being replaced too: the kernel goes on meanwhile.
   * A node that is left out takes its numbers with it, bytes included; they come back with it, as they are pinned there.
   */
  readonly agents: readonly AgentState[];
  /** Of the DaemonSet; undefined until its status is about its newest generation. */
  readonly desiredNodes: number | undefined;
  /** Names of the nodes that are not Ready. */
  readonly notReady?: NodesInput['notReady'];
  readonly leftOut?: NodesInput['leftOut'];
  /** The status as it was, for the times since when namespaces are in their states. */
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

/** A namespace that the status did not list before (for there were larger ones) is in its state from now on. */
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
    connections: { open: total(({ connections }) => connections.open), accelerated: total(({ connections }) => connections.accelerated), adopted: total(({ connections }) => connections.adopted ?? 0) },
    bytes: { fast: total(({ bytes }) => bytes.fast), tcp: total(({ bytes }) => bytes.tcp) },
  };
}

/** What is worth reading first: most open connections, then most pods, then by name. */
function bySize(a: NamespaceStatus, b: NamespaceStatus): number {
  return b.connections.open - a.connections.open || b.pods.selected - a.pods.selected || (a.name < b.name ? -1 : 1);
}
