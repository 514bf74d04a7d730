// What is known of one node's agent, and how much of it is to be believed.
import { isPassing } from '../../api';
import type { Order, Problem, Report } from '../../protocol';

export interface AgentState {
  readonly node: string;
  readonly connected: boolean;
  /**
   * The last report, kept while an agent is being replaced; undefined before the first. The next report takes its place in the same
   * object: to be read before anything is waited for.
   */
  readonly report: Report | undefined;
  /** Of the pod whose agent sent that report. */
  readonly podUid?: string | undefined;
  /** False while what it says of pods has not been compared with those of the API server: none of that is in the report then. */
  readonly checked?: boolean;
  /** What it says and cannot have, in words; none of that is in the report. */
  readonly lie?: string | undefined;
  /** Milliseconds since the agent was last heard. */
  readonly ageMs: number;
}

/** Agents speak every ten seconds at least; one that has been silent for longer than this is lost. */
export const lostAfterMs = 45_000;

/** A report that says how the node is now. */
export function currentReport({ connected, report, ageMs }: AgentState): Report | undefined {
  return connected && ageMs <= lostAfterMs ? report : undefined;
}

/** What keeps a node from doing as ordered; what a pod of it can bring about does not. */
export function lastingProblems({ problems }: Report): Problem[] {
  return problems.filter(({ reason }) => !isPassing(reason));
}

/** True when the order is in force on the node of the report and nothing is wrong there. */
export function follows(report: Report, order: Order): boolean {
  return report.appliedOrder === order.revision && lastingProblems(report).length === 0;
}
