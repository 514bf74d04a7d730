// The status of a rollout after a step; pure functions.
import type { AsideReason, LeftOutReason, RolloutStatus } from '../../api';
import { isGuarded } from './memory';
import { messageOf, type Shown } from './message';
import { isWitness, stateOf } from './node';

const maxRevisions = 8;
const maxExamples = 3;
const maxMessage = 1024;
const maxWhy = 512;

/** The status of the rollout. */
export function statusOf(shown: Shown): RolloutStatus {
  const {
    step: { memory, progress },
  } = shown;
  const aside = byReason(progress.aside);
  return {
    stage: progress.stage,
    message: clipped(messageOf(shown, aside), maxMessage),
    to: memory.wanted,
    ...(memory.proven === undefined ? {} : { from: memory.proven }),
    remaining: progress.stage === 'Done' ? 0 : progress.outdated + progress.verifying.length,
    revisions: revisionsOf(shown),
    failures: memory.failures.map(({ node, why }) => ({ node, why: clipped(why, maxWhy) })),
    aside,
  };
}

/** The revisions that nodes have, most nodes first. Nodes that are set aside do not count as updated, verifying or failed. */
function revisionsOf({ nodes, policy: { thresholds }, step: { memory }, now }: Shown): RolloutStatus['revisions'] {
  const counts = new Map<string, { updated: number; verifying: number; failed: number }>();
  const startedAt = isGuarded(memory) ? memory.startedAt : undefined;
  const witnessed =
    startedAt === undefined || nodes.some((node) => node.aside === undefined && isWitness(node, { startedAt, before: memory.before[node.name] }));
  for (const node of nodes) {
    if (node.pod === undefined) continue;
    const { revision } = node.pod;
    const { is } = stateOf(node, { target: revision, startedAt, before: memory.before[node.name], witnessed, thresholds, now });
    const count = counts.get(revision) ?? { updated: 0, verifying: 0, failed: 0 };
    if (is === 'Updated') count.updated += 1;
    else if (is === 'Verifying') count.verifying += 1;
    else if (is === 'Failed') count.failed += 1;
    counts.set(revision, count);
  }
  const size = ({ updated, verifying, failed }: { updated: number; verifying: number; failed: number }): number => updated + verifying + failed;
  return [...counts]
    .map(([revision, count]) => ({ revision, ...count }))
    .sort((a, b) => size(b) - size(a) || (a.revision < b.revision ? -1 : 1))
    .slice(0, maxRevisions);
}

/** Nodes by reason, most nodes first, with three examples each. */
export function byReason<R extends AsideReason | LeftOutReason>(
  nodes: readonly { readonly node: string; readonly reason: R }[],
): { reason: R; nodes: number; examples: string[] }[] {
  const groups = new Map<R, string[]>();
  for (const { node, reason } of nodes) groups.set(reason, [...(groups.get(reason) ?? []), node]);
  return [...groups]
    .map(([reason, names]) => ({ reason, nodes: names.length, examples: names.sort().slice(0, maxExamples) }))
    .sort((a, b) => b.nodes - a.nodes || (a.reason < b.reason ? -1 : 1));
}

function clipped(text: string, most: number): string {
  return text.length <= most ? text : `${text.slice(0, most - 1)}…`;
}
