// The three conditions of the status. Ready: the order is applied on every node. Progressing: nodes or a rollout are still being changed.
// Degraded: something is wrong.
import { type Condition, isPodCaused, type Mode, type Status } from '../../api';
import { sum } from '../agents/counts';
import { countOf, nodeProblems } from '../agents/nodeProblems';

/** Milliseconds for an agent to be scheduled, pulled and connected, after which a missing agent makes the resource Degraded. */
export const agentGraceMs = 120_000;
const maxMessage = 1024;

/** A problem of the resource itself, such as a spec that is not valid. */
export interface ResourceProblem {
  readonly reason: string;
  readonly message: string;
  /** True when the agents cannot be made as the spec wants them, so that nothing is rolled out. */
  readonly stops?: boolean;
}

export interface ConditionsInput {
  readonly generation: number;
  /** Undefined until the DaemonSet's status has the number of nodes that should have an agent. */
  readonly nodes: Status['nodes'];
  /** Undefined while no order exists, because the spec is not valid. */
  readonly mode: Mode | undefined;
  /** Undefined while this controller and the former one have decided nothing. */
  readonly rollout?: Status['rollout'];
  readonly problem?: ResourceProblem | undefined;
  readonly deleting: boolean;
  readonly previous: readonly Condition[];
  /** RFC 3339. */
  readonly now: string;
}

type Verdict = Pick<Condition, 'status' | 'reason' | 'message'>;

/**
 * The conditions Ready, Progressing and Degraded. They depend on the time: an agent that is missing for longer than `agentGraceMs` makes the
 * resource Degraded.
 */
export function conditionsOf(input: ConditionsInput): Condition[] {
  const progressing = transition('Progressing', progress(input), input);
  return [transition('Ready', readiness(input), input), progressing, transition('Degraded', damage(input, progressing), input)];
}

function transition(type: Condition['type'], verdict: Verdict, { generation, previous, now }: ConditionsInput): Condition {
  const before = previous.find((each) => each.type === type);
  const lastTransitionTime = before?.status === verdict.status ? before.lastTransitionTime : now;
  return { type, ...verdict, message: clipped(verdict.message), observedGeneration: generation, lastTransitionTime };
}

function readiness({ deleting, problem, nodes, mode }: ConditionsInput): Verdict {
  if (deleting) return { status: 'False', reason: 'Deleting', message: 'the resource is being deleted: accelerated connections go back to TCP' };
  if (problem !== undefined) return { status: 'False', reason: problem.reason, message: problem.message };
  if (nodes === undefined || mode === undefined)
    return { status: 'Unknown', reason: 'Starting', message: 'the controller does not know yet which nodes should have an agent' };
  const { desired, ready, unsupported } = nodes;
  if (desired === 0) return { status: 'True', reason: 'NoNodes', message: 'no node matches spec.nodes, so there is nothing to do' };
  const message = `${ready} of ${countOf(desired, 'node')} ready`;
  if (ready >= desired) return { status: 'True', reason: inForce[mode], message };
  return { status: 'False', reason: 'NodesNotReady', message: [message, ...pending(nodes), ...nodeProblems(unsupported)].join('; ') };
}

const inForce: Record<Mode, string> = { Accelerate: 'Accelerating', Observe: 'Observing', Off: 'SwitchedOff' };

function progress({ deleting, problem, nodes, rollout }: ConditionsInput): Verdict {
  if (deleting) return { status: 'True', reason: 'Draining', message: draining(nodes) };
  if (problem?.stops === true)
    return { status: 'False', reason: problem.reason, message: 'no agent is made or replaced until the problem is solved' };
  if (nodes === undefined) {
    if (problem !== undefined)
      return { status: 'False', reason: problem.reason, message: 'the controller changes nothing until the problem is solved' };
    return { status: 'True', reason: 'Starting', message: 'the agents are being rolled out' };
  }
  const awaited = [...pending(nodes), ...silent(nodes), ...replacing(rollout)];
  if (awaited.length === 0 && rollout?.stage === 'Paused') return { status: 'False', reason: 'RolloutPaused', message: rollout.message };
  if (awaited.length === 0) return { status: 'False', reason: 'Settled', message: 'every node that can has applied the newest order' };
  return { status: 'True', reason: 'RollingOut', message: awaited.join('; ') };
}

function damage({ problem, nodes, deleting, rollout, now }: ConditionsInput, progressing: Condition): Verdict {
  if (problem !== undefined && !deleting) return { status: 'True', reason: problem.reason, message: problem.message };
  const overdue = Date.parse(now) - Date.parse(progressing.lastTransitionTime) >= agentGraceMs;
  const wrong = (nodes?.unsupported ?? []).filter(({ reason }) => reason !== 'AgentNotReady' || overdue);
  const failed = rollout !== undefined && rollout.failures.length > 0 ? rollout.message : undefined;
  if (failed !== undefined) return { status: 'True', reason: 'RolloutFailed', message: [failed, ...nodeProblems(wrong)].join('; ') };
  if (wrong.length === 0) return { status: 'False', reason: 'AsExpected', message: 'no node reports a problem' };
  const [only] = wrong;
  return {
    status: 'True',
    reason: wrong.length === 1 && only !== undefined ? only.reason : 'SeveralProblems',
    message: nodeProblems(wrong).join('; '),
  };
}

type Nodes = NonNullable<Status['nodes']>;

/** Nodes whose agent reports no problem and has not applied the order yet. A node with two problems counts twice and may hide such a node. */
function pending({ desired, ready, unsupported }: Nodes): string[] {
  const nodes = desired - ready - sum(unsupported.filter(({ reason }) => !isPodCaused(reason)).map((each) => each.nodes));
  return nodes <= 0 ? [] : [`${countOf(nodes, 'node')} ${nodes === 1 ? 'has' : 'have'} not applied the newest order yet`];
}

function silent({ unsupported }: Nodes): string[] {
  const nodes = unsupported.find(({ reason }) => reason === 'AgentNotReady')?.nodes ?? 0;
  return nodes === 0 ? [] : [`the agents of ${countOf(nodes, 'node')} do not report`];
}

/** The progress of a rollout; nothing when it is paused, has stopped, or has only nodes left that are set aside. */
function replacing(rollout: Status['rollout']): string[] {
  if (rollout === undefined || ['Done', 'Paused', 'Stopped'].includes(rollout.stage)) return [];
  return rollout.remaining > 0 || rollout.stage === 'Baking' ? [rollout.message] : [];
}

/** The progress of a deletion. With an order to remove, a node counts as ready when it has removed the datapath. */
function draining(nodes: Status['nodes']): string {
  if (nodes === undefined) return 'waiting for the nodes to remove the datapath';
  return `${nodes.ready} of ${countOf(nodes.desired, 'node')} clean: drained, detached and unpinned`;
}

function clipped(message: string): string {
  return message.length <= maxMessage ? message : `${message.slice(0, maxMessage - 1)}…`;
}
