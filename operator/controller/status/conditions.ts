// The three conditions, in words for the person who reads them: is it in force, is it on its way, is something wrong.
import { type Condition, isPassing, type Mode, type Status } from '../../api';
import { sum } from '../agents/counts';
import { countOf, nodeProblems } from '../agents/nodeProblems';

/** An agent may take this long to be scheduled, pulled and connected before its absence counts as damage. */
export const agentGraceMs = 120_000;
const maxMessage = 1024;

export interface ConditionsInput {
  readonly generation: number;
  /** undefined until the DaemonSet has said how many nodes should have an agent. */
  readonly nodes: Status['nodes'];
  /** undefined while the spec cannot be read. */
  readonly mode: Mode | undefined;
  /** undefined while nothing is decided about it. */
  readonly rollout?: Status['rollout'];
  /** What keeps the resource as a whole from being followed, such as a spec that cannot be read. */
  readonly problem?: { readonly reason: string; readonly message: string } | undefined;
  readonly deleting: boolean;
  readonly previous: readonly Condition[];
  /** RFC 3339. */
  readonly now: string;
}

type Verdict = Pick<Condition, 'status' | 'reason' | 'message'>;

/**
 * Asked again with the same input some time later, the answer may differ: an agent that is missing for longer than
 * `agentGraceMs` turns from progress into damage.
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
  if (deleting) return { status: 'False', reason: 'Deleting', message: 'the resource is being deleted: what is accelerated goes back to TCP' };
  if (problem !== undefined) return { status: 'False', ...problem };
  if (nodes === undefined || mode === undefined) return { status: 'Unknown', reason: 'Starting', message: 'it is not known yet which nodes should have an agent' };
  const { desired, ready, unsupported } = nodes;
  if (desired === 0) return { status: 'True', reason: 'NoNodes', message: 'no node matches spec.nodes, so there is nothing to do' };
  const message = `${ready} of ${countOf(desired, 'node')} ready`;
  if (ready >= desired) return { status: 'True', reason: inForce[mode], message };
  return { status: 'False', reason: 'NodesNotReady', message: [message, ...pending(nodes), ...nodeProblems(unsupported)].join('; ') };
}

const inForce: Record<Mode, string> = { Accelerate: 'Accelerating', Observe: 'Observing', Off: 'SwitchedOff' };

function progress({ deleting, problem, nodes, rollout }: ConditionsInput): Verdict {
  if (deleting) return { status: 'True', reason: 'Draining', message: draining(nodes) };
  if (nodes === undefined) {
    if (problem !== undefined) return { status: 'False', reason: problem.reason, message: 'nothing is done until the problem is solved' };
    return { status: 'True', reason: 'Starting', message: 'the agents are being rolled out' };
  }
  const awaited = [...pending(nodes), ...silent(nodes), ...replacing(rollout)];
  if (awaited.length === 0 && rollout?.stage === 'Paused') return { status: 'False', reason: 'RolloutPaused', message: rollout.message };
  if (awaited.length === 0) return { status: 'False', reason: 'Settled', message: 'every agent that can follow the order does' };
  return { status: 'True', reason: 'RollingOut', message: awaited.join('; ') };
}

function damage({ problem, nodes, deleting, rollout, now }: ConditionsInput, progressing: Condition): Verdict {
  if (problem !== undefined && !deleting) return { status: 'True', ...problem };
  const overdue = Date.parse(now) - Date.parse(progressing.lastTransitionTime) >= agentGraceMs;
  const wrong = (nodes?.unsupported ?? []).filter(({ reason }) => reason !== 'AgentNotReady' || overdue);
  const failed = rollout !== undefined && rollout.failures.length > 0 ? rollout.message : undefined;
  if (failed !== undefined) return { status: 'True', reason: 'RolloutFailed', message: [failed, ...nodeProblems(wrong)].join('; ') };
  if (wrong.length === 0) return { status: 'False', reason: 'AsExpected', message: 'no node reports a problem' };
  const [only] = wrong;
  return { status: 'True', reason: wrong.length === 1 && only !== undefined ? only.reason : 'SeveralProblems', message: nodeProblems(wrong).join('; ') };
}

type Nodes = NonNullable<Status['nodes']>;

/** Nodes whose agent speaks, has no problem and is not there yet; a node with two problems may hide one of them. */
function pending({ desired, ready, unsupported }: Nodes): string[] {
  const nodes = desired - ready - sum(unsupported.filter(({ reason }) => !isPassing(reason)).map((each) => each.nodes));
  return nodes <= 0 ? [] : [`${countOf(nodes, 'node')} ${nodes === 1 ? 'has' : 'have'} not put the newest order in force yet`];
}

function silent({ unsupported }: Nodes): string[] {
  const nodes = unsupported.find(({ reason }) => reason === 'AgentNotReady')?.nodes ?? 0;
  return nodes === 0 ? [] : [`nothing heard from the agents of ${countOf(nodes, 'node')}`];
}

/** A rollout that is paused or has stopped is at rest, and so is one whose nodes are all set aside. */
function replacing(rollout: Status['rollout']): string[] {
  if (rollout === undefined || ['Done', 'Paused', 'Stopped'].includes(rollout.stage)) return [];
  return rollout.remaining > 0 || rollout.stage === 'Baking' ? [rollout.message] : [];
}

/** A node is ready for a remove order when it has given back everything. */
function draining(nodes: Status['nodes']): string {
  if (nodes === undefined) return 'waiting for the nodes to give back what they hold';
  return `${nodes.ready} of ${countOf(nodes.desired, 'node')} clean: drained, detached and unpinned`;
}

function clipped(message: string): string {
  return message.length <= maxMessage ? message : `${message.slice(0, maxMessage - 1)}…`;
}
