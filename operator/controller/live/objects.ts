// Converts answers of agents to objects of the live API; pure functions.
import { type ConnectionList, liveApiVersion, type LiveConnection, liveEventTypes, type LiveEvent, type LiveEventType } from '../../api';
import type { Connection, LiveEvent as AgentEvent } from '../../protocol';
import { sum as sumOf } from '../agents/counts';
import type { Answer, Answers } from './questions';

/** The list of connections from the answers of all nodes. @param limit most connections of all nodes together */
export function listOf({ answers, silent }: Answers, limit: number): ConnectionList {
  const sent = ({ bytes }: LiveConnection): number => bytes.fast + bytes.tcp;
  const all = answers.flatMap(({ node, watched }) => watched.connections.map((each) => objectOf(node, each)));
  const items = all.sort((a, b) => sent(b) - sent(a)).slice(0, limit);
  const omitted = all.length - items.length + sumOf(answers.map(({ watched }) => watched.omitted));
  return {
    apiVersion: liveApiVersion,
    kind: 'ConnectionList',
    // Nothing is stored, so there are no versions: a watch always begins now.
    metadata: { resourceVersion: '0', ...(omitted === 0 ? {} : { remainingItemCount: omitted }) },
    items,
    pods: answers.flatMap(podsOf),
    silentNodes: [...silent],
  };
}

function podsOf({ node, watched }: Answer): ConnectionList['pods'] {
  return watched.pods.map(({ namespace, name, open, accelerated, fastBytes, tcpBytes, rttUs }) => ({
    namespace,
    name,
    node,
    connections: { open, accelerated },
    bytes: { fast: fastBytes, tcp: tcpBytes },
    roundTripMicroseconds: rttUs,
  }));
}

export function objectOf(node: string, connection: Connection): LiveConnection {
  const { id, namespace, pod, accepting, local, remote, accelerated, fastBytes, tcpBytes, rttUs } = connection;
  const known = (['path', 'original', 'redirected', 'peer'] as const).filter((field) => connection[field] !== '');
  return {
    apiVersion: liveApiVersion,
    kind: 'Connection',
    metadata: { name: `${node}.${id}`, namespace },
    pod,
    node,
    role: accepting ? 'Accepting' : 'Connecting',
    local,
    remote,
    ...Object.fromEntries(known.map((field) => [field, connection[field]])),
    state: accelerated ? 'Accelerated' : 'Tcp',
    ...(accelerated || connection.reason === '' ? {} : { reason: connection.reason }),
    bytes: { fast: fastBytes, tcp: tcpBytes },
    roundTripMicroseconds: rttUs,
  };
}

const watchTypes = { Opened: 'ADDED', Paired: 'MODIFIED', Left: 'MODIFIED', Closed: 'DELETED' } as const satisfies Record<LiveEventType, string>;

/** The events of an answer, without types that this release does not know. @param time when the answer was received */
export function eventsOf({ node, watched }: Answer, time: string): LiveEvent[] {
  return watched.events.flatMap(({ type, connection }: AgentEvent): LiveEvent[] => {
    const event = liveEventTypes.find((each) => each === type);
    return event === undefined ? [] : [{ type: watchTypes[event], object: { ...objectOf(node, connection), event, time } }];
  });
}
