// Computes the nodes of the status from the agents' reports: how many have applied the order, and why others cannot.
import { type LeftOutReason, type NodeReason, nodeReasons, type NodeReasonCount, type Status } from '../../api';
import type { Order } from '../../protocol';
import { type AgentState, currentReport, follows } from '../agents/agentState';
import { byReason } from '../rollout';

const maxExamples = 3;
const maxMessage = 1024;

export interface NodesInput {
  readonly order: Order;
  readonly agents: readonly AgentState[];
  /** Number of nodes that should have an agent, from the DaemonSet; undefined while its status is not up to date. */
  readonly desiredNodes: number | undefined;
  /** Names of the nodes that are not Ready. */
  readonly notReady?: readonly string[] | undefined;
  /** Selected nodes that get no agent, and why. */
  readonly leftOut?: readonly { readonly node: string; readonly reason: LeftOutReason }[] | undefined;
}

/** The nodes of the status; undefined while the number of nodes that should have an agent is not known. */
export function nodesOf({ order, agents, desiredNodes, notReady = [], leftOut = [] }: NodesInput): Status['nodes'] {
  if (desiredNodes === undefined) return undefined;
  const ready = agents.filter((agent) => isReady(agent, order)).length;
  // The agent of a node that has just left the cluster may still report, so the number is bounded by `desired`.
  return {
    desired: desiredNodes,
    ready: Math.min(ready, desiredNodes),
    unsupported: unsupported(agents, desiredNodes, notReady),
    ...(leftOut.length === 0 ? {} : { leftOut: byReason(leftOut) }),
  };
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

/** Problems by reason, most nodes first. A node with several problems counts for each of them. */
function unsupported(agents: readonly AgentState[], desiredNodes: number, notReady: readonly string[]): NodeReasonCount[] {
  const groups = new Map<NodeReason, Group>();
  const byName = [...agents].sort((a, b) => compare(a.node, b.node));
  for (const agent of byName) {
    for (const { reason, message } of distinct(currentReport(agent)?.problems ?? [])) add(groups, reason, agent.node, message);
    if (agent.implausible !== undefined)
      add(
        groups,
        'ImplausibleReport',
        agent.node,
        `its agent reports ${agent.implausible}, which is not counted. ${nodeReasons.ImplausibleReport.remedy}`,
      );
  }
  addSilent(groups, byName, desiredNodes, notReady);
  return [...groups]
    .map(([reason, group]) => ({ reason, ...group, examples: group.examples.slice(0, maxExamples), message: group.message.slice(0, maxMessage) }))
    .sort((a, b) => b.nodes - a.nodes || compare(a.reason, b.reason));
}

/** Adds nodes whose agent does not report. The names of nodes whose agent has never reported are not known here. */
function addSilent(groups: Map<NodeReason, Group>, agents: readonly AgentState[], desiredNodes: number, notReady: readonly string[]): void {
  const heard = new Set(agents.filter((agent) => currentReport(agent) !== undefined).map(({ node }) => node));
  const missing = desiredNodes - heard.size;
  const away = notReady
    .filter((node) => !heard.has(node))
    .sort(compare)
    .slice(0, Math.max(0, missing));
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
    for (const example of examples) group.examples.push(example);
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

/** Compares by code unit, so that the result does not depend on the locale. */
function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
