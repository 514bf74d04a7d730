// The state of one node's agent as the controller knows it.
import { isPodCaused } from '../../api';
import type { Order, Problem, Report } from '../../protocol';

export interface AgentState {
  readonly node: string;
  readonly connected: boolean;
  /**
   * The last report, which is kept while the agent is being replaced; undefined before the first. The next report overwrites this object, so
   * it must be read before the next `await`.
   */
  readonly report: Report | undefined;
  /** UID of the pod whose agent sent the report. */
  readonly podUid?: string | undefined;
  /** False while the report was not compared with the node's pods at the API server; until then the report has no namespaces. */
  readonly checked?: boolean;
  /** What the agent reports that cannot be true, as text; that part is removed from the report. */
  readonly implausible?: string | undefined;
  /** Milliseconds since the last report, or since the end of the stream. */
  readonly ageMs: number;
}

/** Milliseconds without a report after which an agent counts as lost. Agents report every ten seconds at least. */
export const lostAfterMs = 45_000;

/** The report, if it shows the present state of the node: its agent is connected and has reported lately. */
export function currentReport({ connected, report, ageMs }: AgentState): Report | undefined {
  return connected && ageMs <= lostAfterMs ? report : undefined;
}

/** Problems of the node itself, without those that a pod alone can cause. */
export function lastingProblems({ problems }: Report): Problem[] {
  return problems.filter(({ reason }) => !isPodCaused(reason));
}

/** True when the node has applied the order and has no problem of its own. */
export function follows(report: Report, order: Order): boolean {
  return report.appliedOrder === order.revision && lastingProblems(report).length === 0;
}
