// For tests: orders, reports and agents with default values.
import { orderOf } from './orders';
import { type Mode, spec, type Spec } from '../../api';
import type { NamespaceReport, Order, Problem, Report } from '../../protocol';
import type { AgentState } from './agentState';

export const madeUpNow = '2026-03-01T12:00:00Z';
export const madeUpRevision = 1_772_366_400_000;

/** A spec with the defaults that the API server adds. */
export function specWith(changes: object = {}): Spec {
  return spec.parse(changes);
}

export function orderWith({
  mode = 'Accelerate',
  namespaces = ['shop'],
  remove = false,
}: { mode?: Mode; namespaces?: string[]; remove?: boolean } = {}): Order {
  return { revision: madeUpRevision, ...orderOf(specWith({ mode }), namespaces, remove) };
}

/** The report of a namespace with two pods and ten open connection ends, all accelerated. */
export function namespaceWith(changes: Partial<NamespaceReport> = {}): NamespaceReport {
  return {
    name: 'shop',
    podsSelected: 2,
    podsAccelerated: 2,
    open: 10,
    accelerated: 10,
    reasons: [],
    fastBytes: 4096,
    tcpBytes: 512,
    passes: [],
    draining: 0,
    adopted: 0,
    left: 0,
    woken: 0,
    unseen: 0,
    ...changes,
  };
}

export function reportWith(changes: Partial<Report> = {}): Report {
  return { appliedOrder: madeUpRevision, released: false, problems: [], namespaces: [], joinedSockets: 0, drainingSockets: 0, errors: 0, ...changes };
}

export function agentWith(node: string, changes: Partial<AgentState> = {}): AgentState {
  return { node, connected: true, report: reportWith(), ageMs: 500, ...changes };
}

/** A connected agent that reports these namespaces. */
export function agentOf(node: string, ...namespaces: NamespaceReport[]): AgentState {
  return agentWith(node, { report: reportWith({ namespaces }) });
}

/** A connected agent that reports these problems. */
export function troubledAgent(node: string, ...problems: Problem[]): AgentState {
  return agentWith(node, { report: reportWith({ appliedOrder: 0, problems }) });
}
