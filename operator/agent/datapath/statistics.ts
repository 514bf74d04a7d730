// Turns the statistics of a Kubernetes namespace into the counters of the contract.
import type { ConnectionReason } from '../../api';
import type { Enums, Statistics } from './abi';
import type { NamespaceCounters } from './contract';

const zero = 0n;

/** A sum over CPUs can be below zero, because the change of one CPU may be seen before that of another. */
function gauge(value: bigint | undefined): number {
  return Math.max(0, Number(value ?? zero));
}

/** Connection ends that have a reason, which are all that are counted. */
export function openEnds(statistics: Statistics): number {
  return Number(statistics.reasons.reduce((a, b) => a + b, zero));
}

export function countersOf(namespace: string, statistics: Statistics, enums: Enums, draining: number): NamespaceCounters {
  const reasons = new Map<ConnectionReason, number>();
  for (const [number, reason] of enums.reasons) {
    const connections = gauge(statistics.reasons[number]);
    if (connections > 0) reasons.set(reason, connections);
  }
  const accelerated = gauge(statistics.reasons[enums.accelerated]);
  const passes = enums.gates.map((gate, i) => [gate, statistics.gates[i] ?? zero] as const);
  return {
    namespace,
    accelerated,
    open: [...reasons.values()].reduce((a, b) => a + b, accelerated),
    reasons,
    fastBytes: statistics.fast_bytes,
    tcpBytes: statistics.tcp_bytes,
    adopted: gauge(statistics.adopted),
    left: statistics.left,
    woken: statistics.woken,
    unseen: statistics.unseen,
    unfollowed: statistics.unfollowed,
    passes: new Map(passes.filter(([, messages]) => messages > zero)),
    draining,
  };
}
