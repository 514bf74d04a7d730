// Sums what the agents say of one namespace, and puts it in the terms of the mode in force.
import type { ConnectionReason, Mode, ReasonCount } from '../../api';
import type { NamespaceReport } from '../../protocol';
import { sum } from '../agents/counts';

export interface NamespaceTotals {
  readonly pods: { readonly selected: number; readonly accelerated: number };
  readonly connections: { readonly open: number; readonly accelerated: number; readonly adopted?: number };
  readonly bytes: { readonly fast: number; readonly tcp: number };
  /** Most frequent first; sums up to what is open and not accelerated, as far as the agents know reasons. */
  readonly reasons: ReasonCount[];
  /** Ends with redirected bytes that are still unread. */
  readonly draining: number;
}

/** @param reports what each node says of the namespace */
export function totalsOf(reports: readonly NamespaceReport[], mode: Mode): NamespaceTotals {
  const told = reports.map((report) => inTermsOf(mode, report));
  const total = (of: (report: NamespaceReport) => number): number => sum(told.map(of));
  return {
    pods: { selected: total((each) => each.podsSelected), accelerated: total((each) => Math.min(each.podsAccelerated, each.podsSelected)) },
    connections: { open: total((each) => each.open), accelerated: total((each) => each.accelerated), adopted: total((each) => each.adopted) },
    bytes: { fast: total((each) => each.fastBytes), tcp: total((each) => each.tcpBytes) },
    reasons: mergedReasons(told),
    draining: total((each) => each.draining),
  };
}

/**
 * The kernel counts joined connections whatever the mode. Without Accelerate they carry nothing: they stand under the
 * mode's own reason. A node that says its pods are accelerated has not followed the mode yet, and its numbers stand.
 */
function inTermsOf(mode: Mode, report: NamespaceReport): NamespaceReport {
  const accelerated = Math.min(report.accelerated, report.open);
  if (mode === 'Accelerate' || report.podsAccelerated > 0) return { ...report, accelerated };
  if (mode === 'Off') return { ...report, accelerated: 0, adopted: 0, reasons: [{ reason: 'SwitchedOff', connections: report.open }] };
  // What would stay on TCP in Accelerate too keeps its reason: that is what one observes for.
  return { ...report, accelerated: 0, adopted: 0, reasons: [...report.reasons, { reason: 'Observing', connections: accelerated }] };
}

function mergedReasons(reports: readonly NamespaceReport[]): ReasonCount[] {
  const merged = new Map<ConnectionReason, number>();
  for (const { reason, connections } of reports.flatMap(({ reasons }) => reasons)) {
    merged.set(reason, sum([merged.get(reason) ?? 0, connections]));
  }
  return [...merged]
    .map(([reason, connections]) => ({ reason, connections }))
    .filter(({ connections }) => connections > 0)
    .sort((a, b) => b.connections - a.connections || (a.reason < b.reason ? -1 : 1));
}
