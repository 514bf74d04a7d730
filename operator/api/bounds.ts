// What connections may take of a node's memory: said once, for the datapath that holds to it and for the agent's own limit.

const mib = 2 ** 20;

/** Of every bound one pod has at most this part. */
export const podShare = 1 / 4;
/** A pod may always have so many sockets joined and followed, however small the node's bound is. */
const leastOfPod = 64;

/** Bytes that redirected messages may cost the kernel until they are read; no part of any cgroup's memory. */
const unreadOfNode = 256 * mib;
/** Connection ends that are followed, joined or not, unless more may be joined. */
const leastFollowed = 131_072;

export interface Bounds {
  /** Ends in the SOCKHASH. */
  readonly sockets: number;
  /** Ends that are followed: past it connections stay on TCP, uncounted. */
  readonly ends: number;
  /** Bytes of unread redirected messages: past it messages go over TCP. */
  readonly unread: number;
}

/** @param maxConnections joined connections of the node; each has two ends */
export function boundsOfNode(maxConnections: number): Bounds {
  const sockets = 2 * maxConnections;
  return { sockets, ends: Math.max(leastFollowed, sockets), unread: unreadOfNode };
}

export function boundsOfPod(node: Bounds): Bounds {
  const part = (whole: number): number => Math.max(leastOfPod, Math.floor(whole * podShare));
  return { sockets: part(node.sockets), ends: part(node.ends), unread: part(node.unread) };
}

/** Bytes that the agent's cgroup is charged for an end that is followed: 520 of the socket's storage (docs/bounds.md), and rows of maps. */
const bytesOfEnd = 1024;
/** The process, and the maps while no connection is there (docs/bounds.md). */
const bytesOfAgent = 192 * mib;

/** Bytes that the agent's cgroup may need: the maps are charged to it, and with them the storage of every end. */
export function agentMemoryBytes(maxConnections: number): number {
  return bytesOfAgent + boundsOfNode(maxConnections).ends * bytesOfEnd;
}
