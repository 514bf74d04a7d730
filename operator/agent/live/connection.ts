// Converts connection ends to messages of the channel, and finds the events between two lists; pure functions.
import type { Connection, LiveEvent, PodTraffic } from '../../protocol';
import type { LocalPod } from '../cri/sandbox';
import type { ConnectionEnd } from '../datapath/contract';
import type { PodEnds } from './read';

type PodName = Pick<LocalPod, 'namespace' | 'name'>;

/** The message for a connection end. @param podOf the pod of a network namespace; undefined when it is not a pod of this node */
export function connectionOf({ namespace, name }: PodName, end: ConnectionEnd, podOf: (netns: number) => PodName | undefined): Connection {
  const peer = end.peerNetns === 0 ? undefined : podOf(end.peerNetns);
  return {
    id: end.cookie.toString(16),
    namespace,
    pod: name,
    local: end.local,
    remote: end.remote,
    path: end.joined?.path ?? '',
    original: end.joined?.original ?? '',
    redirected: end.joined?.redirected ?? '',
    peer: peer === undefined ? '' : `${peer.namespace}/${peer.name}`,
    accepting: end.accepting,
    accelerated: end.state === 'Accelerated',
    reason: end.state === 'Accelerated' ? '' : (end.state ?? ''),
    fastBytes: Number(end.fastBytes),
    tcpBytes: Number(end.tcpBytes),
    rttUs: end.rttUs,
  };
}

export function trafficOf({ pod, sums }: PodEnds): PodTraffic {
  return { namespace: pod.namespace, name: pod.name, ...sums };
}

/** The `limit` connections that have sent the most bytes, sorted by that, most first. */
export function busiest(connections: readonly Connection[], limit: number): Connection[] {
  const sent = ({ fastBytes, tcpBytes }: Connection): number => fastBytes + tcpBytes;
  return [...connections].sort((a, b) => sent(b) - sent(a) || (a.id < b.id ? -1 : 1)).slice(0, limit);
}

/** The events between two lists of the same pods, by the ids of connections. A connection that opened and closed in between is in neither list. */
export function changes(before: ReadonlyMap<string, Connection>, after: ReadonlyMap<string, Connection>): LiveEvent[] {
  const closed = [...before].flatMap(([id, connection]) => (after.has(id) ? [] : [{ type: 'Closed', connection }]));
  const others = [...after].flatMap(([id, connection]) => {
    const was = before.get(id);
    const opened = was === undefined ? [{ type: 'Opened', connection }] : [];
    if (connection.accelerated && was?.accelerated !== true) return [...opened, { type: 'Paired', connection }];
    return was?.accelerated === true && !connection.accelerated ? [...opened, { type: 'Left', connection }] : opened;
  });
  return [...closed, ...others];
}
