// What the rest of the agent may ask of the kernel datapath. Everything behind it is libbpf, maps and pins.
import type { Bounds, ConnectionReason, Mode, NodeReason, Path } from '../../api';

/** One selected pod of this node, as the datapath knows it. */
export interface DatapathPod {
  /** Inode number of the pod's network namespace; how the programs recognise its sockets. */
  readonly netns: number;
  /** A file that stands for that namespace, such as /proc/<pid>/ns/net. */
  readonly netnsFile: string;
  readonly namespace: string;
  /** Its bandwidth is limited where it meets the node: its connections with other pods stay on TCP. */
  readonly shaped: boolean;
  /** The pod's own addresses, IPv4 and IPv6 in text form. */
  readonly addresses: readonly string[];
}

/** Limits and switches that the programs read on every message. */
export interface DatapathSettings {
  readonly mode: Mode;
  readonly paths: readonly Path[];
  /** Joined connections of the node; each holds two sockets. */
  readonly maxConnections: number;
  readonly spillBytes: number;
  /**
   * Connections to a destination nobody knows yet start on TCP, and visit() joins those that take turns. Where the
   * kernel has no visits they are joined when they open, and their first messages go over TCP.
   */
  readonly learn: boolean;
  /** What connections may take of the node, and of it one pod; follows from `maxConnections` unless given. */
  readonly bounds?: { readonly node: Bounds; readonly pod: Bounds };
}

/** Counters of one namespace, summed over CPUs. Gauges are connection ends; bytes are those sent. */
export interface NamespaceCounters {
  readonly namespace: string;
  readonly open: number;
  readonly accelerated: number;
  readonly reasons: ReadonlyMap<ConnectionReason, number>;
  readonly fastBytes: bigint;
  readonly tcpBytes: bigint;
  /** Accelerated ends that were open before they were joined. */
  readonly adopted: number;
  /** Connections that went back to TCP while they were open. */
  readonly left: bigint;
  /** Readers that were woken because bytes of theirs had been lying unread. */
  readonly woken: bigint;
  /** Connections that there was no memory or no room to keep count of. */
  readonly unseen: bigint;
  /** Messages of joined connections that went over TCP, by the gate that turned them back. */
  readonly passes: ReadonlyMap<string, bigint>;
  readonly draining: number;
}

/** By what it becomes known how programs read: probes of kernel functions, the tracepoint of each TCP read, or those of system calls. */
export type WatchWay = 'Functions' | 'Reads' | 'SystemCalls';

/** What programs do that has to be known (enum habit of ebpf/abi.h). */
export type ReaderTrait = 'splices' | 'counts';

/** Whether programs that read by splice(2) or FIONREAD are noticed: for good, while somebody asks for it, or never. */
export type Watching = 'Always' | 'OnDemand' | 'Never';

/** What a visit found. */
export interface ScanResult {
  /** While there are any, another visit at once takes the next. */
  readonly steps: number;
  /** Connections worth joining that have been read since the last visit, by programs nobody knows. */
  readonly unknownReaders: number;
}

export interface DatapathSnapshot {
  readonly namespaces: readonly NamespaceCounters[];
  readonly joinedSockets: number;
  readonly drainingSockets: number;
  /** While nothing is redirected: sockets that have to leave the map before it is removed, those with unread bytes included. Absent where none ever has to. */
  readonly leavingSockets?: number;
  /** What all connections have taken of what is bounded. */
  readonly taken?: Bounds;
  /** Bounds that the node or one of its pods has reached, a line each. */
  readonly reached?: readonly string[];
}

/** A joined connection of the original-destination map. Addresses as `address:port` or `[address]:port`. */
export interface JoinedConnection {
  readonly namespace: string;
  readonly path: Path;
  readonly client: string;
  /** What the client asked for. */
  readonly original: string;
  /** Where the rules of the pod sent it. */
  readonly redirected: string;
  /** Which way the entry was learnt: by the handshake rendezvous or by the kernel's own helper. */
  readonly learnt: 'rendezvous' | 'helper';
}

/** One end of an open connection of a selected pod, as it is now. Addresses as in JoinedConnection. */
export interface ConnectionEnd {
  /** Of the socket: no other of this kernel has had it. */
  readonly cookie: bigint;
  readonly local: string;
  readonly remote: string;
  /** Of the pair, once both ends are known: what the client asked for, and where the rules of its pod sent it. */
  readonly joined: Pick<JoinedConnection, 'path' | 'original' | 'redirected'> | undefined;
  /** Network namespace of the other end; 0 while it is not known. */
  readonly peerNetns: number;
  readonly accepting: boolean;
  /** Undefined for a connection that is not counted: opened while acceleration was off, say. */
  readonly state: 'Accelerated' | ConnectionReason | undefined;
  /** Sent by this end. */
  readonly fastBytes: bigint;
  readonly tcpBytes: bigint;
  /** Microseconds, smoothed, as TCP measured it last: it stands still while no data runs over TCP. */
  readonly rttUs: number;
}

/** An end as it is come by: there may be a hundred thousand, of which few are looked at. */
export interface DescribedEnd extends Pick<ConnectionEnd, 'rttUs'> {
  readonly accelerated: boolean;
  readonly fastBytes: number;
  readonly tcpBytes: number;
  whole(): ConnectionEnd;
}

export interface Datapath {
  /** Puts new settings in force for existing and new connections at once. */
  configure(settings: DatapathSettings): void;
  /**
   * Makes the given pods the selected ones; returns the namespaces there was no room for.
   * @param neighbours addresses of this node's other pods: they only sharpen the reasons
   * @param ownKernels addresses of those pods whose sockets are another kernel's, likewise
   */
  select(pods: readonly DatapathPod[], neighbours: readonly string[], ownKernels?: readonly string[]): string[];
  snapshot(): DatapathSnapshot;
  /** Once a second: has given back what is held for unread messages by ends that have closed, and by pods that were deselected, and is needed no more. */
  reclaim(): void;
  /**
   * Looks at every open connection of the selected pods, or of those in `namespaces`, and takes those that are worth it
   * one step nearer to being joined. The kernel walks its table of all connections once a pod: about 4 ms (262,144 buckets).
   * @param watched readers have been watched since the last visit: who has read meanwhile, and did nothing unusual, is
   * known from now on, which counts as a step
   */
  scan(namespaces?: ReadonlySet<string>, watched?: boolean): ScanResult;
  /** Whether the kernel can visit open connections (iter/tcp of 5.15). Where it cannot, a visit finds nothing. */
  readonly canScan: boolean;
  readonly watching: Watching;
  /** Which way each habit is seen. What the kernel answers right need not be. */
  readonly seenBy: ReadonlyMap<ReaderTrait, WatchWay>;
  /** Where readers are watched on demand: starts or stops that. While on, every system call of the node costs 0.1 us more. */
  watchReaders(on: boolean): void;
  /** One after the other, as the map is walked. */
  connections(limit: number): Iterable<JoinedConnection>;
  /**
   * Every open connection of one pod, some hundreds at a time; undefined when the pod is not selected or has ended.
   * The kernel walks its table of all connections: about 4 ms. Between two steps other work may be done.
   */
  describe(netns: number): Iterable<DescribedEnd[]> | undefined;
  /** Whether the kernel can describe connections (5.12). */
  readonly describes: boolean;
  /** Detaches and unpins everything; live sockets keep running over TCP. Call after draining. */
  release(): void;
  /** Closes file descriptors only: everything pinned keeps working. For shutdown and restart. */
  close(): void;
}

/** The way out when no datapath can be opened over what an earlier agent left pinned: needs neither its object nor its layout. */
export interface Leftovers {
  /** No byte is joined any more. */
  switchOff(pins: string): void;
  /** Switched off, detached and unpinned; live connections go on over TCP. */
  release(pins: string): void;
}

/** A reason why this node cannot be served, and what to do, in one line. */
export class DatapathRefused extends Error {
  constructor(
    readonly reason: NodeReason,
    message: string,
  ) {
    super(message);
    this.name = 'DatapathRefused';
  }
}

export interface OpenOptions {
  /** Path of the compiled object; that of the trial (ebpf/trial.bpf.c) is beside it. */
  readonly object: string;
  /** Directory below a BPF file system, private to this node, where everything is pinned. */
  readonly pins: string;
  /** cgroup v2 directory that holds the pods of this node. */
  readonly podCgroup: string;
  /** Uses nothing that only some kernels offer, as if this were an older one. */
  readonly plain?: boolean;
  /** Told in one line each what could not be found out or had, and what follows. */
  readonly warn?: (line: string) => void;
  /** The ways to see how programs read that may be used, as if the kernel had no others. */
  readonly watch?: readonly WatchWay[];
}
