// Problems of nodes in one line each: how many, which, what and what to do.
import type { NodeReasonCount } from '../../api';

const maxReasons = 3;
const maxText = 240;

/** `1 node: KernelTooOld (node7): the kernel is ...`; the most frequent ones, then how many kinds more there are. */
export function nodeProblems(problems: readonly NodeReasonCount[]): string[] {
  const more = problems.length - maxReasons;
  return [...problems.slice(0, maxReasons).map(line), ...(more > 0 ? [`and ${countOf(more, 'more reason')}, see status.nodes.unsupported`] : [])];
}

function line({ reason, nodes, examples, message }: NodeReasonCount): string {
  const named = examples.length === 0 ? '' : ` (${examples.join(', ')}${nodes > examples.length ? ', ...' : ''})`;
  const text = message.length <= maxText ? message : `${message.slice(0, maxText - 1)}…`;
  return `${countOf(nodes, 'node')}: ${reason}${named}: ${text}`;
}

/** `1 node`, `2 nodes`. */
export function countOf(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
