// Decides which part of a report is plausible: about pods that the API server has on the node, and in numbers that a node can have. Pure functions.
import { maxConnectionsRange } from '../../../api';
import type { Connection, NamespaceReport, Report, Watched } from '../../../protocol';
import { sum } from '../../agents/counts';

/** Namespace → names of the pods of one node. A namespace that had pods before stays with an empty list. */
export type PodsByNamespace = ReadonlyMap<string, readonly string[]>;

/** Most open connection ends of a node: no Linux process has more open files unless fs.nr_open is raised. */
export const mostOpenEnds = 1_048_576;
/** Most joined ends of a node: two for each connection of the largest spec.connections.max, since connections joined under an earlier one stay. */
const mostJoinedEnds = 2 * maxConnectionsRange.max;

export interface Judged {
  /** The plausible part of the report; the report itself when all of it is plausible. */
  readonly report: Report;
  /** Why the report cannot be true of any node, as text: it has more connection ends than a node can have. */
  readonly impossible?: string;
  /** The part that the known pods do not confirm; the list of known pods may be out of date. */
  readonly unbacked?: { readonly namespaces: readonly string[]; readonly words: string };
}

/**
 * Splits a report.
 * @param pods pods of the node; undefined while they were not listed, and then no namespace counts
 * @param selected selected namespaces; undefined for all
 */
export function judge(report: Report, pods: PodsByNamespace | undefined, selected: ReadonlySet<string> | undefined): Judged {
  const counted = report.namespaces.filter(({ name }) => selected?.has(name) !== false);
  const impossible = impossibleOf(counted);
  const own = impossible === undefined ? counted.filter((each) => isBacked(each, pods)) : [];
  if (own.length === report.namespaces.length) return { report };
  const believed = { ...report, namespaces: own };
  if (impossible !== undefined) return { report: believed, impossible };
  // Byte counters stay in the kernel after the pods are deleted, so a report with bytes only is plausible.
  const claimed = counted.filter((each) => (each.podsSelected > 0 || each.open > 0) && !own.includes(each));
  return claimed.length === 0 ? { report: believed } : { report: believed, unbacked: unbackedOf(claimed, pods) };
}

function impossibleOf(namespaces: readonly NamespaceReport[]): string | undefined {
  const total = (of: (namespace: NamespaceReport) => number): number => sum(namespaces.map(of));
  const open = total((each) => each.open);
  const joined = total((each) => Math.max(each.accelerated, each.adopted, each.draining));
  const reasons = total((each) => sum(each.reasons.map(({ connections }) => connections)));
  if (open > mostOpenEnds || reasons > mostOpenEnds) return `${Math.max(open, reasons)} open connection ends, and a node has ${mostOpenEnds} at most`;
  return joined > mostJoinedEnds ? `${joined} joined connection ends, and a node has ${mostJoinedEnds} at most` : undefined;
}

/** True when the known pods confirm the report. Counters stay in the kernel after the last pod of a namespace, and count if that pod was known. */
function isBacked({ name, podsSelected, open }: NamespaceReport, pods: PodsByNamespace | undefined): boolean {
  const known = pods?.get(name);
  return known !== undefined && podsSelected <= known.length && (known.length > 0 || open === 0);
}

const named = 3;

function unbackedOf(namespaces: readonly NamespaceReport[], pods: PodsByNamespace | undefined): NonNullable<Judged['unbacked']> {
  const shown = namespaces
    .slice(0, named)
    .map(({ name, podsSelected }) => `${podsSelected} in ${name} instead of ${pods?.get(name)?.length ?? 0}`)
    .join(', ');
  const words = `pods that are not on the node: ${shown}${namespaces.length > named ? ` and ${namespaces.length - named} more namespaces` : ''}`;
  return { namespaces: namespaces.map(({ name }) => name), words };
}

/** The rows about the node's own pods. Other connections and events count as omitted, and a peer that is not an own pod is removed from its row. */
export function ownRows(watched: Watched, pods: PodsByNamespace | undefined): Watched {
  const has = (namespace: string, name: string): boolean => pods?.get(namespace)?.includes(name) === true;
  const isOwn = ({ namespace, pod }: Connection): boolean => has(namespace, pod);
  const own = (connection: Connection): Connection => {
    const [namespace = '', name = ''] = connection.peer.split('/');
    return connection.peer === '' || has(namespace, name) ? connection : { ...connection, peer: '' };
  };
  const connections = watched.connections.filter(isOwn).map(own);
  const events = watched.events.filter(({ connection }) => isOwn(connection)).map((event) => ({ ...event, connection: own(event.connection) }));
  const dropped = watched.connections.length - connections.length + watched.events.length - events.length;
  return {
    ...watched,
    pods: watched.pods.filter(({ namespace, name, open, accelerated }) => has(namespace, name) && open <= mostOpenEnds && accelerated <= open),
    connections,
    events,
    omitted: Math.min(watched.omitted + dropped, mostOpenEnds),
  };
}
