// From the agents' reports to the nodes of the status: how many follow the order, and why the others cannot.
import { type LeftOutReason, type NodeReason, nodeReasons, type NodeReasonCount, type Status } from '../../api';
import type { Order } from '../../protocol';
import { type AgentState, currentReport, follows } from '../agents/agentState';
import { byReason } from '../rollout';

const maxExamples = 3;
const maxMessage = 1024;

export interface NodesInput {
  readonly order: Order;
  readonly agents: readonly AgentState[];
  /** How many nodes should have an agent, as the DaemonSet says; undefined until it has said so. */
  readonly desiredNodes: number | undefined;
  /** Names of the nodes that are not Ready. */
  readonly notReady?: readonly string[] | undefined;
  /** Nodes that are selected and get no agent. */
  readonly leftOut?: readonly { readonly node: string; readonly reason: LeftOutReason }[] | undefined;
}

/** undefined while it is not known how many nodes should have an agent. */
export function nodesOf({ order, agents, desiredNodes, notReady = [], leftOut = [] }: NodesInput): Status['nodes'] {
  if (desiredNodes === undefined) return undefined;
  const ready = agents.filter((agent) => isReady(agent, order)).length;
  // While a node leaves the selection its agent may still speak: there are never more ready than desired.
  return { desired: desiredNodes, ready: Math.min(ready, desiredNodes), unsupported: unsupported(agents, desiredNodes, notReady), ...(leftOut.length === 0 ? {} : { leftOut: byReason(leftOut) }) };
}

function isReady(agent: AgentState, order: Order): boolean {
  const report = currentReport(agent);
  return report !== undefined && follows(report, order);
}

interface Group {
  nodes: number;
  readonly examples: string[];
  message: string;
}

/** A node with several problems is counted at each of them; most frequent first. */
function unsupported(agents: readonly AgentState[], desiredNodes: number, notReady: readonly string[]): NodeReasonCount[] {
  const groups = new Map<NodeReason, Group>();
  const byName = [...agents].sort((a, b) => compare(a.node, b.node));
  for (const agent of byName) {
    for (const { reason, message } of distinct(currentReport(agent)?.problems ?? [])) add(groups, reason, agent.node, message);
    if (agent.lie !== undefined) add(groups, 'ImplausibleReport', agent.node, `its agent reports ${agent.lie}: not counted. ${nodeReasons.ImplausibleReport.remedy}`);
  }
  addSilent(groups, byName, desiredNodes, notReady);
  return [...groups]
    .map(([reason, group]) => ({ reason, ...group, examples: group.examples.slice(0, maxExamples), message: group.message.slice(0, maxMessage) }))
    .sort((a, b) => b.nodes - a.nodes || compare(a.reason, b.reason));
}

/** Nodes that should have an agent and are not heard of; those whose agent has never spoken have no name here. */
function addSilent(groups: Map<NodeReason, Group>, agents: readonly AgentState[], desiredNodes: number, notReady: readonly string[]): void {
  const heard = new Set(agents.filter((agent) => currentReport(agent) !== undefined).map(({ node }) => node));
  const missing = desiredNodes - heard.size;
  const away = notReady.filter((node) => !heard.has(node)).sort(compare).slice(0, Math.max(0, missing));
  const silent = agents.map(({ node }) => node).filter((node) => !heard.has(node) && !away.includes(node));
  addGroup(groups, 'NodeNotReady', away.length, away);
  addGroup(groups, 'AgentNotReady', missing - away.length, silent);
}

function addGroup(groups: Map<NodeReason, Group>, reason: NodeReason, nodes: number, names: readonly string[]): void {
  if (nodes <= 0) return;
  const examples = names.slice(0, nodes);
  const { means, remedy } = nodeReasons[reason];
  const group = groups.get(reason);
  if (group === undefined) groups.set(reason, { nodes, examples, message: `${means} ${remedy}` });
  else {
    group.nodes += nodes;
    group.examples.push(...examples);
  }
}

function add(groups: Map<NodeReason, Group>, reason: NodeReason, node: string, message: string): void {
  const group = groups.get(reason);
  if (group === undefined) groups.set(reason, { nodes: 1, examples: [node], message });
  else {
    group.nodes += 1;
    group.examples.push(node);
  }
}

/** The first problem of each reason. */
function distinct<T extends { readonly reason: NodeReason }>(problems: readonly T[]): T[] {
  return problems.filter(({ reason }, index) => problems.findIndex((other) => other.reason === reason) === index);
}

/** By code unit: the same everywhere, whatever the locale. */
function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
