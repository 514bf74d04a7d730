// What a node may say: of pods that the API server has on it, and no more of them than a node can have. Pure.
import { maxConnectionsRange } from '../../../api';
import type { Connection, NamespaceReport, Report, Watched } from '../../../protocol';
import { sum } from '../../agents/counts';

/** Names of the pods of one node, by their namespace; none where there have been some. */
export type PodsByNamespace = ReadonlyMap<string, readonly string[]>;

/** Open ends on one node: no process of Linux has more open files unless somebody raises fs.nr_open. */
export const mostOpenEnds = 1_048_576;
/** Both ends of a connection can be on the node. The largest limit that a resource can set, for those joined under an earlier one stay. */
const mostJoinedEnds = 2 * maxConnectionsRange.max;

export interface Judged {
  /** What of the report is believed; the report itself when that is all of it. */
  readonly report: Report;
  /** What no node can have, in words. */
  readonly impossible?: string;
  /** What the known pods, which may be too old, do not bear out. */
  readonly unbacked?: { readonly namespaces: readonly string[]; readonly words: string };
}

/**
 * @param pods of the node; undefined while nobody has looked: then nothing is believed
 * @param selected namespaces that count; undefined for all
 */
export function judge(report: Report, pods: PodsByNamespace | undefined, selected: ReadonlySet<string> | undefined): Judged {
  const counted = report.namespaces.filter(({ name }) => selected?.has(name) !== false);
  const impossible = impossibleOf(counted);
  const own = impossible === undefined ? counted.filter((each) => isBacked(each, pods)) : [];
  if (own.length === report.namespaces.length) return { report };
  const believed = { ...report, namespaces: own };
  if (impossible !== undefined) return { report: believed, impossible };
  // Counts of bytes outlive the pods that sent them: to report those alone is no lie.
  const claimed = counted.filter((each) => (each.podsSelected > 0 || each.open > 0) && !own.includes(each));
  return claimed.length === 0 ? { report: believed } : { report: believed, unbacked: unbackedOf(claimed, pods) };
}

function impossibleOf(namespaces: readonly NamespaceReport[]): string | undefined {
  const total = (of: (namespace: NamespaceReport) => number): number => sum(namespaces.map(of));
  const open = total((each) => each.open);
  const joined = total((each) => Math.max(each.accelerated, each.adopted, each.draining));
  const reasons = total((each) => sum(each.reasons.map(({ connections }) => connections)));
  if (open > mostOpenEnds || reasons > mostOpenEnds) return `${Math.max(open, reasons)} open connection ends, and a node has at most ${mostOpenEnds}`;
  return joined > mostJoinedEnds ? `${joined} joined connection ends, and a node has at most ${mostJoinedEnds}` : undefined;
}

/** What was counted of a namespace stays in the kernel when its last pod has gone, and is believed where that pod was seen. */
function isBacked({ name, podsSelected, open }: NamespaceReport, pods: PodsByNamespace | undefined): boolean {
  const known = pods?.get(name);
  return known !== undefined && podsSelected <= known.length && (known.length > 0 || open === 0);
}

const named = 3;

function unbackedOf(namespaces: readonly NamespaceReport[], pods: PodsByNamespace | undefined): NonNullable<Judged['unbacked']> {
  const shown = namespaces.slice(0, named).map(({ name, podsSelected }) => `${podsSelected} in ${name} of ${pods?.get(name)?.length ?? 0}`).join(', ');
  const words = `pods that are not on it: ${shown}${namespaces.length > named ? ` and ${namespaces.length - named} more namespaces` : ''}`;
  return { namespaces: namespaces.map(({ name }) => name), words };
}

/** The rows about the node's own pods; other connections and events count as omitted. A peer that is none of them is left out of its row. */
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
