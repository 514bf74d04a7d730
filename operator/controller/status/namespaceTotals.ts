// Sums the agents' reports about one namespace, read by the current mode.
import type { ConnectionReason, Mode, ReasonCount } from '../../api';
import type { NamespaceReport } from '../../protocol';
import { sum } from '../agents/counts';

export interface NamespaceTotals {
  readonly pods: { readonly selected: number; readonly accelerated: number };
  readonly connections: { readonly open: number; readonly accelerated: number; readonly adopted?: number };
  readonly bytes: { readonly fast: number; readonly tcp: number };
  /** Most connections first. Their sum is the number of open connections that are not accelerated, as far as the agents know the reason. */
  readonly reasons: ReasonCount[];
  /** Connection ends with unread redirected bytes. */
  readonly draining: number;
}

/** The sums of one namespace. @param reports the reports of all nodes about it */
export function totalsOf(reports: readonly NamespaceReport[], mode: Mode): NamespaceTotals {
  const read = reports.map((report) => inTermsOf(mode, report));
  const total = (of: (report: NamespaceReport) => number): number => sum(read.map(of));
  return {
    pods: { selected: total((each) => each.podsSelected), accelerated: total((each) => Math.min(each.podsAccelerated, each.podsSelected)) },
    connections: { open: total((each) => each.open), accelerated: total((each) => each.accelerated), adopted: total((each) => each.adopted) },
    bytes: { fast: total((each) => each.fastBytes), tcp: total((each) => each.tcpBytes) },
    reasons: mergedReasons(read),
    draining: total((each) => each.draining),
  };
}

/**
 * A report read by the mode. The kernel counts joined connections in every mode, but nothing is redirected unless the mode is Accelerate, so in
 * other modes they count under the mode's reason. A report with accelerated pods is of a node that has not applied the mode yet and counts as it is.
 */
function inTermsOf(mode: Mode, report: NamespaceReport): NamespaceReport {
  const accelerated = Math.min(report.accelerated, report.open);
  if (mode === 'Accelerate' || report.podsAccelerated > 0) return { ...report, accelerated };
  if (mode === 'Off') return { ...report, accelerated: 0, adopted: 0, reasons: [{ reason: 'SwitchedOff', connections: report.open }] };
  // Connections that would stay on TCP in mode Accelerate too keep their reason: Observe is meant to show that.
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
