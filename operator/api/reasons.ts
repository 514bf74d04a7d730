// Every reason the product gives for "this is not accelerated" or "this node cannot": the one list behind status, metrics and docs.

/** What a reason means to the person who reads it, and what they can do about it. */
export interface ReasonText {
  readonly means: string;
  readonly remedy: string;
}

/**
 * Why an open connection is not accelerated. The names are the enumerators of `enum reason` in ebpf/abi.h
 * without their prefix; operator/agent/datapath checks at start that the two agree.
 */
export const connectionReasons = {
  Pairing: {
    means: 'The connection was just opened and its other end has not been seen yet.',
    remedy: 'Nothing: it settles with the first bytes.',
  },
  PeerElsewhere: {
    means: 'The other end is on another node or outside the cluster.',
    remedy: 'Nothing: such bytes must cross a network. Topology-aware routing keeps more of them on the node.',
  },
  PeerNotSelected: {
    means: 'The other end is on this node, but its pod is not selected.',
    remedy: 'Widen spec.selector, or remove the label acceleration.dev/mode=off from the other pod or its namespace.',
  },
  PathNotSelected: {
    means: 'The connection is of a path (PodLocal or NodeLocal) that spec.paths leaves out.',
    remedy: 'Add the path to spec.paths.',
  },
  Learning: {
    means: 'The destination is new: its connections stay on TCP until it is seen that they take turns and how they are read.',
    remedy: 'Nothing: connections that take turns are joined within seconds, later ones when they open. Idle ones stay so.',
  },
  ShortLived: {
    means: 'Connections to this destination end after one or two requests, before joining them would pay.',
    remedy: 'Let the client keep its connections open (HTTP keep-alive, a connection pool).',
  },
  OneWay: {
    means: 'The connection is a stream without answers, which is faster over TCP. It is joined again when it takes turns.',
    remedy: 'Nothing.',
  },
  SplicingReader: {
    means: 'A program of the receiving container moves bytes by splice(2), which never sees joined ones (Go io.Copy between sockets).',
    remedy: 'Nothing: the connection stays on TCP and works as before.',
  },
  CountingReader: {
    means: 'A program of the receiving container asks by ioctl(FIONREAD) how much is unread, which is wrong for joined sockets (nginx, Java).',
    remedy: 'Nothing: the connection stays on TCP and works as before.',
  },
  UnwatchedReader: {
    means: 'Nothing on the node can see how the receiving program reads, and if it splices or asks FIONREAD it would miss joined bytes.',
    remedy: 'See the problem UnwatchedReaders of the node.',
  },
  BandwidthLimited: {
    means: 'One of the two pods has an annotation kubernetes.io/ingress-bandwidth or egress-bandwidth, which redirected bytes would not obey.',
    remedy: 'Nothing: the limit holds. Without the annotation in its template a new pod is accelerated; inside the pod it is already.',
  },
  PeerOwnKernel: {
    means: 'The other end’s pod has a kernel of its own, whose sockets this one cannot join: Kata Containers, gVisor, or a machine of KubeVirt.',
    remedy: 'Nothing: the connection stays on TCP and works as before.',
  },
  BlockingReader: {
    means: 'The receiving program reads with a blocking socket, which the kernel cannot wake for joined sockets, or waits by SO_RCVLOWAT.',
    remedy: 'Use non-blocking sockets in the receiving program (Envoy, nginx, Go, Node and Netty do).',
  },
  UnsupportedSocket: {
    means: 'The socket uses a feature that cannot be joined: Multipath TCP, a TLS socket of the kernel, or TCP repair.',
    remedy: 'Nothing: the connection stays on TCP and works as before.',
  },
  LimitReached: {
    means: 'As many connections are joined, or as much lies unread on the fast path, as the node or one pod of it may have.',
    remedy: 'Raise spec.connections.max; see docs/limits.md for what one pod may have of it, and the problem ConnectionLimit of the node.',
  },
  SocketInUse: {
    means: 'Another program has put this socket into a map of its own, or the kernel refused it.',
    remedy: 'Look for another product that uses sockmap on the node.',
  },
  Observing: {
    means: 'spec.mode is Observe, or was when the connection was opened: it is counted, and its bytes stay on TCP.',
    remedy: 'Set spec.mode to Accelerate; connections that are open already join when they take turns.',
  },
  SwitchedOff: {
    means: 'spec.mode is Off.',
    remedy: 'Set spec.mode to Accelerate.',
  },
} as const satisfies Record<string, ReasonText>;

/** Why a node cannot accelerate, or its agent cannot work as ordered. */
export const nodeReasons = {
  AgentNotReady: {
    means: 'The node agent has not reported yet, or has stopped reporting.',
    remedy: 'Look at the agent pod of the node: kubectl -n <namespace> get pods -l app.kubernetes.io/component=agent -o wide.',
  },
  MissingPrivilege: {
    means: 'The agent may not do what it has to: a capability is missing, or a security module of the node denies it.',
    remedy: 'Set spec.agent.privileges to Privileged; docs/privileges.md says what the agent needs and what for.',
  },
  NodeNotReady: {
    means: 'The node is not Ready, so nothing is heard of its agent. What is accelerated there stays so.',
    remedy: 'Look at the node: kubectl describe node. Rollouts and other nodes do not wait for it.',
  },
  KernelTooOld: { means: 'The kernel is older than 5.10.', remedy: 'Upgrade the kernel of the node.' },
  NoCgroup2: {
    means: 'No cgroup v2 hierarchy is mounted, so there is no place to attach to pods only.',
    remedy: 'Boot with systemd.unified_cgroup_hierarchy=1, or mount cgroup2 beside the version 1 controllers.',
  },
  NoPodCgroup: {
    means: 'The directory of the pods (kubepods or kubepods.slice) was not found in the cgroup v2 hierarchy.',
    remedy: 'Check the cgroupRoot and cgroupDriver of the kubelet, and that /sys/fs/cgroup of the host is mounted in the agent.',
  },
  NoBtf: {
    means: 'The kernel has no type information (/sys/kernel/btf/vmlinux).',
    remedy: 'Use a kernel built with CONFIG_DEBUG_INFO_BTF=y.',
  },
  NoBpffs: { means: 'No BPF file system is mounted at the pin directory.', remedy: 'Mount one: mount -t bpf bpf /sys/fs/bpf.' },
  NoCriSocket: {
    means: 'The container runtime does not answer at its socket, so the pods of the node are unknown.',
    remedy: 'Where the runtime has its socket elsewhere, set spec.agent.criSocket to it; docs/install.md lists the places that are looked at.',
  },
  LoadRefused: {
    means: 'The kernel refused the programs.',
    remedy: 'Read the agent log for the verifier message; check that lockdown is off.',
  },
  CgroupTaken: {
    means: 'Another product has attached a program to the cgroup of the pods, or above it, that allows none beside it, or would be displaced by ours.',
    remedy: 'The message names it. Have that product attach with BPF_F_ALLOW_MULTI or by a link, or leave the node out.',
  },
  StalePins: {
    means: 'The pin directory holds maps of another version that still carry traffic, or that cannot be read.',
    remedy: 'Wait until their connections close, or drain the node; then delete the named directory below the BPF file system.',
  },
  UnwatchedReaders: {
    means: 'The kernel has no way to see which programs read by splice(2) or FIONREAD, so connections of containers not seen before stay on TCP.',
    remedy: 'Use a kernel with CONFIG_KPROBES, or with CONFIG_FTRACE_SYSCALLS and tracefs at /sys/kernel/tracing.',
  },
  ImplausibleReport: {
    means: 'The agent of the node reports pods that are not on it, or more connections than a node can have. That is not counted.',
    remedy: 'If pods of the node were deleted by force, it passes. If not, take the node out of the cluster: somebody else speaks there.',
  },
  NamespaceLimit: {
    means: 'More namespaces are selected on the node than the counters have room for.',
    remedy: 'Narrow spec.selector.namespaces, or spread the pods.',
  },
  ConnectionLimit: {
    means: 'The node or one pod of it has as many connections open as are followed, or as much unread on the fast path as it may; the rest stays on TCP.',
    remedy: 'Look at the named pod: what does it keep open, or not read? For a node that needs more, raise spec.connections.max.',
  },
} as const satisfies Record<string, ReasonText>;

/** What a pod alone can bring about: the node does as ordered all the same, and no rollout is judged by it. */
const passingNodeReasons: readonly NodeReason[] = ['ConnectionLimit'];

export function isPassing(reason: NodeReason): boolean {
  return passingNodeReasons.includes(reason);
}

/** Why a node that spec.nodes selects gets no agent at all. */
export const leftOutReasons = {
  UnsupportedPlatform: {
    means: 'The node is not Linux on amd64 or arm64: there is no agent for it.',
    remedy: 'Nothing: the node is left as it is.',
  },
  VirtualNode: {
    means: 'The node stands for a service and runs no pods of DaemonSets: AWS Fargate, or made with virtual-kubelet.',
    remedy: 'Nothing: pods there stay on TCP. Those that shall be accelerated need nodes of a kernel of their own.',
  },
  TaintNotTolerated: {
    means: 'The node has a taint that spec.nodes.tolerations does not tolerate.',
    remedy: 'Remove the taint; or delete the resource and apply it with a toleration.',
  },
} as const satisfies Record<string, ReasonText>;

/** Why a rollout neither waits for a node nor counts it. */
export const asideReasons = {
  NodeNotReady: { means: 'The node is not Ready.', remedy: 'Nothing: it follows when it is.' },
  NodeCordoned: {
    means: 'The node is cordoned: somebody works on it.',
    remedy: 'Uncordon it, and it follows. To have it follow at once, delete its agent pod.',
  },
  NodeLeaving: { means: 'The node is being removed from the cluster.', remedy: 'Nothing.' },
  TaintNotTolerated: {
    means: 'A taint came to the node after its agent: a deleted agent pod would not come back.',
    remedy: 'Remove the taint, and it follows.',
  },
  WasNotWell: {
    means: 'The agent of the node was not well before the update, or has never been, and is not well now.',
    remedy: 'Look at the agent pod of the node; it is nothing that the new revision has brought.',
  },
  FailedAlone: {
    means: 'The agent of the node failed after its update, and that of no other did: one node alone does not stop a revision.',
    remedy: 'Look at the agent pod of the node. If its word is to decide, name it alone in spec.rollout.canary.nodeSelector.',
  },
  JoinedMeanwhile: {
    means: 'The node joined during the rollout and its agent has not become well in time: nothing is known of it from before.',
    remedy: 'Look at the agent pod of the node.',
  },
} as const satisfies Record<string, ReasonText>;

export type ConnectionReason = keyof typeof connectionReasons;
export type NodeReason = keyof typeof nodeReasons;
export type LeftOutReason = keyof typeof leftOutReasons;
export type AsideReason = keyof typeof asideReasons;

/** The names of a reason table, typed, in the order of the table. */
function names<T extends Record<string, ReasonText>>(table: T): [keyof T & string, ...(keyof T & string)[]] {
  return Object.keys(table) as [keyof T & string, ...(keyof T & string)[]];
}

export const connectionReasonNames = names(connectionReasons);
export const nodeReasonNames = names(nodeReasons);
export const leftOutReasonNames = names(leftOutReasons);
export const asideReasonNames = names(asideReasons);
