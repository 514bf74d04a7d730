// Per-CPU counters of a namespace summed into what the report says.
import type { ConnectionReason } from '../../api';
import type { Enums, Tally } from './abi';
import type { NamespaceCounters } from './contract';

const zero = 0n;

function sum(copies: readonly Tally[], of: (tally: Tally) => bigint): bigint {
  return copies.reduce((total, tally) => total + of(tally), zero);
}

/** A gauge; a reader may see one CPU's change before another's, hence never below zero. */
function gauge(copies: readonly Tally[], standing: number): number {
  return Math.max(0, Number(sum(copies, (tally) => tally.standing[standing] ?? zero)));
}

export function openEnds(copies: readonly Tally[]): number {
  return Number(sum(copies, (tally) => tally.standing.reduce((a, b) => a + b, zero)));
}

export function countersOf(namespace: string, copies: readonly Tally[], enums: Enums, draining: number): NamespaceCounters {
  const reasons = new Map<ConnectionReason, number>();
  for (const [standing, reason] of enums.reasons) {
    const connections = gauge(copies, standing);
    if (connections > 0) reasons.set(reason, connections);
  }
  const accelerated = gauge(copies, enums.accelerated);
  const passes = new Map(enums.gates.map((gate, i) => [gate, sum(copies, (tally) => tally.gate[i] ?? zero)] as const));
  return {
    namespace,
    accelerated,
    open: [...reasons.values()].reduce((a, b) => a + b, accelerated),
    reasons,
    fastBytes: sum(copies, (tally) => tally.fast_bytes),
    tcpBytes: sum(copies, (tally) => tally.tcp_bytes),
    adopted: Math.max(0, Number(sum(copies, (tally) => tally.adopted))),
    left: sum(copies, (tally) => tally.left),
    nudged: sum(copies, (tally) => tally.nudged),
    unseen: sum(copies, (tally) => tally.unseen),
    passes: new Map([...passes].filter(([, messages]) => messages > zero)),
    draining,
  };
}
