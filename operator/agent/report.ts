// The report of the node's state. The agent makes one every second, and sends it when it has changed and at least every ten seconds.
import { maxNamespaces, maxCounts, type NamespaceReport, type Report } from '../protocol';
import type { DatapathPod, NamespaceCounters } from './datapath/contract';
import type { NodeState } from './nodeReconciler';

/** Longest time between two reports in milliseconds; the controller ends a stream without a report for 45 seconds. */
const longestSilenceMs = 10_000;

/**
 * Makes the report from the node's state; a pure function. Namespaces are sorted by name.
 * @param errors errors since the agent started
 */
export function buildReport(state: NodeState, errors = 0): Report {
  const { appliedOrder, released, problems, selected, snapshot } = state;
  const counters = new Map((snapshot?.namespaces ?? []).map((entry) => [entry.namespace, entry]));
  const pods = countByNamespace(selected);
  const names = [...new Set([...pods.keys(), ...counters.keys()])].filter((name) => name !== '').sort();
  return {
    appliedOrder,
    released,
    problems: problems.slice(0, maxCounts),
    namespaces: names.slice(0, maxNamespaces).map((name) => namespaceReport(name, pods.get(name) ?? 0, counters.get(name), state)),
    joinedSockets: snapshot?.joinedSockets ?? 0,
    drainingSockets: snapshot?.drainingSockets ?? 0,
    errors,
  };
}

function namespaceReport(name: string, podsSelected: number, counters: NamespaceCounters | undefined, state: NodeState): NamespaceReport {
  // A pod counts as accelerated when its new connections are joined: it is selected in the kernel and the mode is Accelerate.
  const inForce = state.snapshot !== undefined && state.mode === 'Accelerate' && !state.refused.includes(name);
  return {
    name,
    podsSelected,
    podsAccelerated: inForce ? podsSelected : 0,
    open: counters?.open ?? 0,
    accelerated: counters?.accelerated ?? 0,
    reasons: [...(counters?.reasons ?? [])].map(([reason, connections]) => ({ reason, connections })).filter(({ connections }) => connections > 0),
    fastBytes: count(counters?.fastBytes),
    tcpBytes: count(counters?.tcpBytes),
    passes: [...(counters?.passes ?? [])].map(([gate, messages]) => ({ gate, messages: count(messages) })).filter(({ messages }) => messages > 0),
    draining: counters?.draining ?? 0,
    adopted: counters?.adopted ?? 0,
    left: count(counters?.left),
    woken: count(counters?.woken),
    unseen: count(counters?.unseen),
  };
}

function countByNamespace(pods: readonly DatapathPod[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { namespace } of pods) counts.set(namespace, (counts.get(namespace) ?? 0) + 1);
  return counts;
}

/** A counter as a number. A number is exact up to 2^53 (9 PB of bytes), and the counter does not grow beyond that. */
function count(value: bigint | undefined): number {
  const largest = BigInt(Number.MAX_SAFE_INTEGER);
  return value === undefined ? 0 : Number(value < largest ? value : largest);
}

/** Decides which reports are sent. */
export class Reporter {
  private sent: { readonly text: string; readonly news: string; readonly at: number } | undefined;
  private pauseMs = 0;

  constructor(
    private readonly send: (report: Report) => void,
    private readonly now: () => number,
  ) {}

  /** Sets the time between two reports that differ in counters only. @param seconds from the order; 0 is one second */
  pace(seconds: number): void {
    // Reports are made once a second, sometimes some milliseconds early, so half a second is subtracted.
    this.pauseMs = (Math.max(1, seconds) - 0.5) * 1000;
  }

  /** Sends the report if it is time to. */
  offer(report: Report): void {
    const text = JSON.stringify(report);
    const news = newsOf(report);
    const at = this.now();
    if (this.sent !== undefined && at - this.sent.at < this.silenceMs(text, news, this.sent)) return;
    this.sent = { text, news, at };
    this.send(report);
  }

  private silenceMs(text: string, news: string, sent: { readonly text: string; readonly news: string }): number {
    if (text === sent.text) return longestSilenceMs;
    return news === sent.news ? this.pauseMs : 0;
  }
}

/** The part of a report that is sent at once when it changes: everything but counts of connections, messages and bytes. */
function newsOf({ appliedOrder, released, problems, namespaces }: Report): string {
  const ofNamespaces = namespaces.map(({ name, podsSelected, podsAccelerated, accelerated, draining }) => [
    name,
    podsSelected,
    podsAccelerated,
    accelerated > 0,
    draining > 0,
  ]);
  return JSON.stringify([appliedOrder, released, problems, ofNamespaces]);
}
