// Bytes sent between two samples, by pod or by namespace. Pure functions.
import type { ConnectionList, PodTraffic } from '../../api';

export interface Traffic {
  /** Empty for a whole namespace. */
  readonly pod: string;
  readonly namespace: string;
  readonly open: number;
  readonly accelerated: number;
  /** Bytes sent per second. */
  readonly fastPerSecond: number;
  readonly tcpPerSecond: number;
  /** Mean over open connections. */
  readonly roundTripMicroseconds: number;
}

export type By = 'namespace' | 'pod';

/** The traffic in descending order of bytes sent. @param seconds time between the two samples */
export function trafficBetween(before: ConnectionList, after: ConnectionList, seconds: number, by: By): Traffic[] {
  const pods = after.pods.map((pod) => ofPod(pod, before, after, seconds));
  const rows = by === 'pod' ? pods : [...grouped(pods)].map(([namespace, members]) => sumOf(namespace, members));
  const sent = ({ fastPerSecond, tcpPerSecond }: Traffic): number => fastPerSecond + tcpPerSecond;
  return rows.sort((a, b) => sent(b) - sent(a) || b.open - a.open || (`${a.namespace}/${a.pod}` < `${b.namespace}/${b.pod}` ? -1 : 1));
}

function ofPod(pod: PodTraffic, before: ConnectionList, after: ConnectionList, seconds: number): Traffic {
  const { fast, tcp } = sentBy(pod, before, after);
  return {
    namespace: pod.namespace,
    pod: pod.name,
    open: pod.connections.open,
    accelerated: pod.connections.accelerated,
    fastPerSecond: fast / seconds,
    tcpPerSecond: tcp / seconds,
    roundTripMicroseconds: pod.roundTripMicroseconds,
  };
}

/**
 * Bytes that a pod sent between two samples. When both lists are complete, each connection is compared with itself, because a
 * pod's sum falls when a connection closes; the bytes that a connection sent between the last sample and its close are missing.
 * Otherwise the pod's sums are compared.
 */
function sentBy(pod: PodTraffic, before: ConnectionList, after: ConnectionList): { readonly fast: number; readonly tcp: number } {
  const earlier = before.pods.find(({ namespace, name }) => namespace === pod.namespace && name === pod.name);
  if (earlier === undefined) return { fast: 0, tcp: 0 };
  if ((before.metadata.remainingItemCount ?? 0) + (after.metadata.remainingItemCount ?? 0) > 0) {
    return { fast: Math.max(0, pod.bytes.fast - earlier.bytes.fast), tcp: Math.max(0, pod.bytes.tcp - earlier.bytes.tcp) };
  }
  const known = new Map(before.items.map(({ metadata, bytes }) => [metadata.name, bytes]));
  const own = after.items.filter(({ metadata, pod: name }) => metadata.namespace === pod.namespace && name === pod.name);
  const grown = (kind: 'fast' | 'tcp'): number =>
    own.reduce((sum, { metadata, bytes }) => sum + Math.max(0, bytes[kind] - (known.get(metadata.name)?.[kind] ?? 0)), 0);
  return { fast: grown('fast'), tcp: grown('tcp') };
}

function grouped(pods: readonly Traffic[]): Map<string, Traffic[]> {
  const groups = new Map<string, Traffic[]>();
  for (const pod of pods) groups.set(pod.namespace, [...(groups.get(pod.namespace) ?? []), pod]);
  return groups;
}

function sumOf(namespace: string, pods: readonly Traffic[]): Traffic {
  const sum = (of: (pod: Traffic) => number): number => pods.reduce((total, pod) => total + of(pod), 0);
  const open = sum((pod) => pod.open);
  return {
    namespace,
    pod: '',
    open,
    accelerated: sum((pod) => pod.accelerated),
    fastPerSecond: sum((pod) => pod.fastPerSecond),
    tcpPerSecond: sum((pod) => pod.tcpPerSecond),
    roundTripMicroseconds: open === 0 ? 0 : Math.round(sum((pod) => pod.open * pod.roundTripMicroseconds) / open),
  };
}
