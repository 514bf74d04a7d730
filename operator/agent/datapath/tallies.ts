// The counters of a namespace as the report says them.
import type { ConnectionReason } from '../../api';
import type { Enums, Tally } from './abi';
import type { NamespaceCounters } from './contract';

const zero = 0n;

/** A reader may see one CPU's change before another's, hence never below zero. */
function gauge(value: bigint | undefined): number {
  return Math.max(0, Number(value ?? zero));
}

export function openEnds(tally: Tally): number {
  return Number(tally.standing.reduce((a, b) => a + b, zero));
}

export function countersOf(namespace: string, tally: Tally, enums: Enums, draining: number): NamespaceCounters {
  const reasons = new Map<ConnectionReason, number>();
  for (const [standing, reason] of enums.reasons) {
    const connections = gauge(tally.standing[standing]);
    if (connections > 0) reasons.set(reason, connections);
  }
  const accelerated = gauge(tally.standing[enums.accelerated]);
  const passes = enums.gates.map((gate, i) => [gate, tally.gate[i] ?? zero] as const);
  return {
    namespace,
    accelerated,
    open: [...reasons.values()].reduce((a, b) => a + b, accelerated),
    reasons,
    fastBytes: tally.fast_bytes,
    tcpBytes: tally.tcp_bytes,
    adopted: gauge(tally.adopted),
    left: tally.left,
    nudged: tally.nudged,
    unseen: tally.unseen,
    passes: new Map(passes.filter(([, messages]) => messages > zero)),
    draining,
  };
}
