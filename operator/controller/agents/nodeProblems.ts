// Problems of nodes as text of one line: the number of nodes, the reason, examples and the message.
import type { NodeReasonCount } from '../../api';

const maxReasons = 3;
const maxText = 240;

/** Lines such as `1 node: KernelTooOld (node7): the kernel is ...` for the three most frequent reasons, and the number of further reasons. */
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
