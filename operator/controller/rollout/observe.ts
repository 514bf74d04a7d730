// Makes the nodes of a rollout from objects of the API server and reports of agents; pure functions.
import type { LeftOutReason, Spec } from '../../api';
import type { Order, Report } from '../../protocol';
import { type AgentState, currentReport, lastingProblems } from '../agents/agentState';
import type { KubePod } from './agentPod';
import { asideOf, hasLabels, type KubeNode, placeOf } from './kubeNode';
import type { AgentEvidence, AgentPod, RolloutNode } from './node';
import { sharesOf } from './shares';

export interface Surroundings {
  readonly spec: Spec;
  readonly order: Order;
  /** Revision of the newest order that every agent has had the time to apply. */
  readonly due: number;
  readonly nodes: readonly KubeNode[];
  readonly pods: readonly KubePod[];
  readonly agents: readonly AgentState[];
  /** Node name → milliseconds since the epoch at which the rollout last did not wait for the node. */
  readonly lastFine: ReadonlyMap<string, number>;
  /** Milliseconds since the epoch at which this controller began to observe. */
  readonly lookingSince: number;
}

/** The nodes that have or should have an agent. */
export function observe({ spec, order, due, nodes, pods, agents, lastFine, lookingSince }: Surroundings): RolloutNode[] {
  const podOf = newestByNode(pods);
  const agentOf = new Map(agents.map((agent) => [agent.node, agent]));
  return nodes.flatMap((node) => {
    const { name } = node.metadata;
    const found = podOf.get(name);
    const place = placeOf(node, spec.nodes);
    if (found === undefined && place !== 'Runs') return [];
    if (place === 'NotSelected') return [];
    const judgedFrom = Math.max(lookingSince, node.readySince, lastFine.get(name) ?? 0);
    const pod = found === undefined || found.leaving ? undefined : agentPod(found, agentOf.get(name), order, due);
    return [{ name, joinedAt: node.createdAt, judgedFrom, aside: asideOf(node, place), pod }];
  });
}

/** Node name → its newest pod. A pod that is being deleted may still exist when the next one was created. */
function newestByNode(pods: readonly KubePod[]): ReadonlyMap<string, KubePod> {
  const found = new Map<string, KubePod>();
  for (const pod of pods) {
    const other = found.get(pod.node);
    if (pod.ours && (other === undefined || other.leaving || (!pod.leaving && other.createdAt < pod.createdAt))) found.set(pod.node, pod);
  }
  return found;
}

function agentPod(pod: KubePod, agent: AgentState | undefined, order: Order, due: number): AgentPod {
  const { revision, createdAt, ready, restarts, kills } = pod;
  const report = agent?.podUid === pod.uid ? currentReport(agent) : undefined;
  return { revision, createdAt, ready, restarts, kills, report: report && evidenceOf(report, order, due) };
}

/**
 * An agent that has applied no older order than `due` follows. Whoever may label a namespace makes a new order each time: if only the newest one
 * counted, labels that change all the time would keep every canary node from being healthy for a whole bake.
 */
function evidenceOf(report: Report, order: Order, due: number): AgentEvidence {
  const alone = order.namespaces.length === 1;
  const shares = order.mode === 'Accelerate' ? sharesOf(report.namespaces, alone) : {};
  const problems = lastingProblems(report).map(({ reason }) => reason);
  const follows = report.appliedOrder >= due && report.appliedOrder <= order.revision && problems.length === 0;
  const serves = report.namespaces.some(({ podsSelected }) => podsSelected > 0);
  return { follows, problems, errors: report.errors, serves, shares, alone };
}

/** Sorted names of the nodes with these labels. */
export function namesOf(nodes: readonly KubeNode[], nodeSelector: Readonly<Record<string, string>>): string[] {
  return nodes
    .filter((node) => hasLabels(node, nodeSelector))
    .map(({ metadata }) => metadata.name)
    .sort();
}

/** Selected nodes that have no agent and get none, with the reason. */
export function leftOut(
  nodes: readonly KubeNode[],
  pods: readonly KubePod[],
  spec: Spec,
): { readonly node: string; readonly reason: LeftOutReason }[] {
  const served = new Set(pods.map(({ node }) => node));
  return nodes.flatMap((node) => {
    const place = placeOf(node, spec.nodes);
    return place === 'Runs' || place === 'NotSelected' || served.has(node.metadata.name) ? [] : [{ node: node.metadata.name, reason: place }];
  });
}
