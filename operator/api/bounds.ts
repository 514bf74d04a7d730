// How much of a node's memory connections may take. The datapath enforces these bounds, and the agent's memory limit is computed from them.

const mib = 2 ** 20;

/** One pod gets at most this part of each bound of the node. */
export const podShare = 1 / 4;
/** The smallest bound of a pod, in sockets and in connection ends, however small the node's bound is. */
const minOfPod = 64;

/**
 * Bytes of kernel memory that unread redirected messages may take on a node. The kernel charges them to no cgroup. Messages beyond it go over TCP,
 * which takes slab too: with both, five thousand stalled connections stay below 256 MiB of slab (docs/attacks.md).
 */
const unreadOfNode = 192 * mib;
/** The smallest bound of followed connection ends of a node. A followed end has state in the datapath, whether it is joined or not. */
const minFollowed = 131_072;

export interface Bounds {
  /** Most sockets in the SOCKHASH. */
  readonly sockets: number;
  /** Most connection ends that are followed. Connections beyond that stay on TCP and are not counted. */
  readonly ends: number;
  /** Most bytes of unread redirected messages. Messages beyond that go over TCP. */
  readonly unread: number;
}

/** The bounds of a node. @param maxConnections most joined connections of the node; each has two ends */
export function boundsOfNode(maxConnections: number): Bounds {
  const sockets = 2 * maxConnections;
  return { sockets, ends: Math.max(minFollowed, sockets), unread: unreadOfNode };
}

/** The bounds of one pod of a node with the given bounds. */
export function boundsOfPod(node: Bounds): Bounds {
  const part = (whole: number): number => Math.max(minOfPod, Math.floor(whole * podShare));
  return { sockets: part(node.sockets), ends: part(node.ends), unread: part(node.unread) };
}

/**
 * Bytes that the kernel charges to the agent's cgroup for a followed end: 520 for the socket's storage (docs/bounds.md), the rest for map rows. A
 * joined end took 1,181 (docs/attacks.md).
 */
const bytesOfEnd = 1280;
/** Bytes of the agent's process and of the maps while no connection is open (docs/bounds.md). */
const bytesOfAgent = 192 * mib;

/** Most bytes that the agent's cgroup needs. The kernel charges the maps to that cgroup, and with them the storage of every followed end. */
export function agentMemoryBytes(maxConnections: number): number {
  return bytesOfAgent + boundsOfNode(maxConnections).ends * bytesOfEnd;
}
