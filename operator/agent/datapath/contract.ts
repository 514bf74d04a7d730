// What the rest of the agent may ask of the kernel datapath. Behind it are libbpf, maps and pins.
import type { Bounds, ConnectionReason, Mode, NodeReason, Path } from '../../api';

/** One selected pod of this node, as the datapath knows it. */
export interface DatapathPod {
  /** Inode number of the pod's network namespace. The programs recognise the pod's sockets by it. */
  readonly netns: number;
  /** A file of that namespace, such as /proc/<pid>/ns/net. */
  readonly netnsFile: string;
  readonly namespace: string;
  /** The bandwidth between the pod and the node is limited, so connections with other pods stay on TCP. */
  readonly shaped: boolean;
  /** The pod's own addresses, IPv4 and IPv6 in text form. */
  readonly addresses: readonly string[];
}

/** Limits and switches that the programs read at every message. */
export interface DatapathSettings {
  readonly mode: Mode;
  readonly paths: readonly Path[];
  /** The most joined connections of the node. Each has two sockets in the SOCKHASH. */
  readonly maxConnections: number;
  /** The most bytes of kernel memory for unread messages of one connection end. */
  readonly spillBytes: number;
  /**
   * Connections to an unknown destination start on TCP, and scan() joins those that take turns. Where the kernel has no scans,
   * connections are joined when they open, and their first messages go over TCP.
   */
  readonly learn: boolean;
  /** The limits of all connections of the node together and of those of one pod. Without this member the limits follow from `maxConnections`. */
  readonly bounds?: { readonly node: Bounds; readonly pod: Bounds };
}

/** Counters of one Kubernetes namespace, summed over CPUs. Gauges count connection ends; bytes are those that were sent. */
export interface NamespaceCounters {
  readonly namespace: string;
  readonly open: number;
  readonly accelerated: number;
  readonly reasons: ReadonlyMap<ConnectionReason, number>;
  readonly fastBytes: bigint;
  readonly tcpBytes: bigint;
  /** Accelerated ends that were open before they were joined. */
  readonly adopted: number;
  /** Connections that left the SOCKHASH while they were open. */
  readonly left: bigint;
  /** Readers that were woken for bytes of TCP that lay unread. */
  readonly woken: bigint;
  /** Connections that could not be counted: the kernel had no memory, or a bound was reached. */
  readonly unseen: bigint;
  /** Connections that opened without being followed, and of which none was a sample. A scan follows those that stay open. */
  readonly unfollowed: bigint;
  /** Messages of joined connections that went over TCP, by the gate that sent them there. */
  readonly passes: ReadonlyMap<string, bigint>;
  readonly draining: number;
}

/** The ways to see how programs read: by probes of kernel functions, by the tracepoint of each TCP read, or by tracepoints of system calls. */
export type WatchWay = 'Functions' | 'Reads' | 'SystemCalls';

/** How a program reads, as far as the datapath must know it (enum reader_trait of ebpf/abi.h): it uses splice(2), or it asks FIONREAD. */
export type ReaderTrait = 'splices' | 'counts';

/** When the kernel shows the reader traits: always, only between watchReaders(true) and watchReaders(false), or never. */
export type Watching = 'Always' | 'OnDemand' | 'Never';

/** The result of a scan of open connections. */
export interface ScanResult {
  /** Steps towards joining or leaving that connections took. While there are any, another scan can take the next ones at once. */
  readonly steps: number;
  /** Connections worth joining whose programs have read since the last scan, and were not watched. */
  readonly unknownReaders: number;
}

export interface DatapathSnapshot {
  readonly namespaces: readonly NamespaceCounters[];
  readonly joinedSockets: number;
  readonly drainingSockets: number;
  /**
   * While nothing is redirected: sockets that have to leave the SOCKHASH before it is removed, with unread bytes or without. Absent where none ever
   * has to.
   */
  readonly leavingSockets?: number;
  /** How much of the node's limits all connections together have taken. */
  readonly taken?: Bounds;
  /** Bounds that the node or a pod has reached, one line for each. */
  readonly reached?: readonly string[];
}

/** A joined connection of the original-destination map. Addresses as `address:port` or `[address]:port`. */
export interface JoinedConnection {
  readonly namespace: string;
  readonly path: Path;
  readonly client: string;
  /** The destination that the client asked for. */
  readonly original: string;
  /** The destination to which the rules of its pod sent it. */
  readonly redirected: string;
  /** How the original destination was found: by the rendezvous of the handshake, or by the kernel's own helper. */
  readonly learnt: 'rendezvous' | 'helper';
}

/** One end of an open connection of a selected pod, as it is now. Addresses are written as in JoinedConnection. */
export interface ConnectionEnd {
  /** The cookie of the socket. No other socket of this kernel ever had it. */
  readonly cookie: bigint;
  readonly local: string;
  readonly remote: string;
  /** Undefined while the connection is not joined. */
  readonly joined: Pick<JoinedConnection, 'path' | 'original' | 'redirected'> | undefined;
  /** Network namespace of the peer; 0 while the peer is not known. */
  readonly peerNetns: number;
  readonly accepting: boolean;
  /** Undefined for a connection that is not counted, such as one that opened while acceleration was off. */
  readonly state: 'Accelerated' | ConnectionReason | undefined;
  /** Bytes that this end has sent: fastBytes by redirect, tcpBytes over TCP. */
  readonly fastBytes: bigint;
  readonly tcpBytes: bigint;
  /** The smoothed round-trip time in microseconds, as TCP measured it last. It does not change while no data runs over TCP. */
  readonly rttUs: number;
}

/** An end as the iterator yields it. There may be a hundred thousand of them, and whole() is called for few. */
export interface DescribedEnd extends Pick<ConnectionEnd, 'rttUs'> {
  readonly accelerated: boolean;
  readonly fastBytes: number;
  readonly tcpBytes: number;
  whole(): ConnectionEnd;
}

export interface Datapath {
  /** Puts new settings in force at once, for open and for new connections. */
  configure(settings: DatapathSettings): void;
  /**
   * Makes the given pods the selected ones. Returns the Kubernetes namespaces for which the statistics have no room.
   * @param neighbours addresses of this node's other pods: they only make the reasons more exact
   * @param ownKernels addresses of pods that have a kernel of their own, for the same
   */
  select(pods: readonly DatapathPod[], neighbours: readonly string[], ownKernels?: readonly string[]): string[];
  snapshot(): DatapathSnapshot;
  /**
   * To be called once a second. Frees what ends that have closed, and pods that were deselected, still hold for unread messages and no longer need.
   */
  reclaim(): void;
  /**
   * Scans every open connection of the selected pods, or of those in `namespaces`. A connection that is worth joining takes one step of its
   * adoption. For each pod the kernel walks its table of all connections, which takes about 4 ms (262,144 buckets).
   * @param watched readers were watched since the last scan: a program that has read meanwhile, without splice(2) and FIONREAD, is known from
   * now on, and that counts as a step
   */
  scan(namespaces?: ReadonlySet<string>, watched?: boolean): ScanResult;
  /** Whether the kernel can scan open connections (iter/tcp of 5.15). Where it cannot, scan() finds nothing. */
  readonly canScan: boolean;
  readonly watching: Watching;
  /** The way in which each trait is seen. A trait is absent where the kernel serves such readers right, or cannot show them. */
  readonly seenBy: ReadonlyMap<ReaderTrait, WatchWay>;
  /**
   * Starts or stops watching how programs read, where that is done on demand. While readers are watched, every system call of the node costs 0.1 us
   * more.
   */
  watchReaders(on: boolean): void;
  /** Joined connections, read from the map one after the other. */
  connections(limit: number): Iterable<JoinedConnection>;
  /**
   * Every open connection of one pod, some hundreds at a time. Undefined where the pod is not selected or has ended. The kernel walks its
   * table of all connections, which takes about 4 ms. Other work may be done between two steps.
   */
  describe(netns: number): Iterable<DescribedEnd[]> | undefined;
  /** Whether the kernel can describe connections (5.12). */
  readonly describes: boolean;
  /** Detaches and unpins everything. Live sockets go on over TCP. To be called after draining. */
  release(): void;
  /** Closes file descriptors only, for shutdown and restart. Everything that is pinned goes on. */
  close(): void;
}

/** Stops what an earlier agent has left pinned when no datapath can be opened over it. Needs neither its object nor its layout. */
export interface Leftovers {
  /** No message is redirected any more. */
  switchOff(pins: string): void;
  /** Switches off, detaches and unpins. Live connections go on over TCP. */
  release(pins: string): void;
}

/** Why this node cannot be accelerated. The message is one line, and says what to do. */
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
  /** Path of the compiled object. The object of the trial (ebpf/trial.bpf.c) is beside it. */
  readonly object: string;
  /** Directory below a BPF file system where everything is pinned. No other node shares it. */
  readonly pins: string;
  /** cgroup v2 directory that holds the pods of this node. */
  readonly podCgroup: string;
  /** For tests: uses no feature that only some kernels have. */
  readonly plain?: boolean;
  /** Called with one line for each property of the kernel that could not be found out; the line says what follows from that. */
  readonly warn?: (line: string) => void;
  /** For tests: the only ways that may be used to see how programs read. */
  readonly watch?: readonly WatchWay[];
}
