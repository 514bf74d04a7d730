// Every reason why a connection is not accelerated, a node cannot accelerate, or a rollout passes a node over. Status, metrics, accelctl
// and docs/reasons.md read the reasons from here.

/** What a reason means, and what a user can do about it. */
export interface ReasonText {
  readonly means: string;
  readonly remedy: string;
}

/**
 * Why an open connection is not accelerated. The names are the enumerators of `enum reason` in ebpf/abi.h without their prefix.
 * operator/agent/datapath compares the two lists when it loads the programs.
 */
export const connectionReasons = {
  Pairing: {
    means: 'The connection was just opened, and its other end has not been found yet.',
    remedy: 'Nothing: another reason, or acceleration, follows with the first bytes.',
  },
  PeerElsewhere: {
    means: 'The other end is on another node or outside the cluster.',
    remedy: 'Nothing: such connections must cross a network. Topology-aware routing keeps more connections on one node.',
  },
  PeerNotSelected: {
    means: 'The other end is on this node, but its pod is not selected.',
    remedy: 'Widen spec.selector, or remove the label acceleration.dev/mode=off from the other pod or its namespace.',
  },
  PathNotSelected: {
    means: 'The path of the connection (PodLocal or NodeLocal) is not in spec.paths.',
    remedy: 'Add the path to spec.paths.',
  },
  Learning: {
    means:
      'The destination is new. Its connections stay on TCP until the datapath has seen that they alternate requests and answers, and how they are read.',
    remedy: 'Nothing: connections with requests and answers are joined within seconds, later ones when they open. An idle connection stays on TCP.',
  },
  ShortLived: {
    means: 'Connections to this destination end after one or two requests, so that joining them costs more than it gains.',
    remedy: 'Let the client keep its connections open (HTTP keep-alive, a connection pool).',
  },
  OneWay: {
    means: 'The connection is a stream without answers, which is faster over TCP. It is joined again when it alternates requests and answers.',
    remedy: 'Nothing: TCP is the faster way for such a stream.',
  },
  SplicingReader: {
    means: 'A program of the receiving container reads by splice(2), which never returns redirected bytes (Go io.Copy between sockets).',
    remedy: 'Nothing: the connection stays on TCP and works as before.',
  },
  CountingReader: {
    means: 'A program of the receiving container asks by ioctl(FIONREAD) how many bytes are unread, which is wrong for joined sockets (nginx, Java).',
    remedy: 'Nothing: the connection stays on TCP and works as before.',
  },
  UnwatchedReader: {
    means: 'The node has no means to see how the receiving program reads. A program that reads by splice(2) or FIONREAD would miss redirected bytes.',
    remedy: 'See the problem UnwatchedReaders of the node.',
  },
  BandwidthLimited: {
    means: 'One of the two pods has an annotation kubernetes.io/ingress-bandwidth or egress-bandwidth. Redirected bytes would exceed that limit.',
    remedy:
      'Nothing: the limit holds. Connections inside the pod are accelerated all the same. To accelerate the others, remove the annotation from the pod template.',
  },
  PeerOwnKernel: {
    means:
      'The pod of the other end runs on a kernel of its own, with sockets that the node’s kernel cannot join: Kata Containers, gVisor or KubeVirt.',
    remedy: 'Nothing: the connection stays on TCP and works as before.',
  },
  BlockingReader: {
    means: 'The receiving program waits in a read of a blocking socket, which redirected bytes do not wake, or waits by SO_RCVLOWAT.',
    remedy: 'Use non-blocking sockets in the receiving program, as Envoy, nginx, Go, Node and Netty do.',
  },
  UnsupportedSocket: {
    means: 'The socket uses a feature that cannot be joined: Multipath TCP, a TLS socket of the kernel, or TCP repair.',
    remedy: 'Nothing: the connection stays on TCP and works as before.',
  },
  LimitReached: {
    means: 'The node or one of its pods has as many joined connections, or as many unread redirected bytes, as it may have.',
    remedy: 'Raise spec.connections.max. docs/limits.md says how much of it one pod gets; the node’s problem ConnectionLimit names the pod.',
  },
  SocketInUse: {
    means: 'Another product has put this socket into a sockmap of its own, or the kernel refused to add the socket to the SOCKHASH.',
    remedy: 'Find another product that uses sockmap on the node, and use one of the two.',
  },
  Observing: {
    means: 'spec.mode is Observe, or was Observe when the connection was opened: the connection is counted, and its bytes stay on TCP.',
    remedy: 'Set spec.mode to Accelerate. Connections that are already open are joined when they alternate requests and answers.',
  },
  SwitchedOff: {
    means: 'spec.mode is Off.',
    remedy: 'Set spec.mode to Accelerate.',
  },
} as const satisfies Record<string, ReasonText>;

/** Why a node cannot accelerate, or why its agent cannot carry out its order. */
export const nodeReasons = {
  AgentNotReady: {
    means: 'The node’s agent has not reported yet, or has stopped reporting.',
    remedy: 'See the agent’s pod on the node: kubectl -n <namespace> get pods -l app.kubernetes.io/component=agent -o wide.',
  },
  MissingPrivilege: {
    means: 'The agent lacks a capability, or a security module of the node denies a system call that the agent needs.',
    remedy: 'Set spec.agent.privileges to Privileged; docs/privileges.md says which privileges the agent needs and why.',
  },
  NodeNotReady: {
    means: 'The node is not Ready, so its agent does not report. Connections that are accelerated on the node stay accelerated.',
    remedy: 'See kubectl describe node. Rollouts and other nodes do not wait for this node.',
  },
  KernelTooOld: { means: 'The kernel is older than 5.10.', remedy: 'Upgrade the kernel of the node.' },
  NoCgroup2: {
    means: 'No cgroup v2 hierarchy is mounted, so the programs cannot be attached to the pods’ cgroup.',
    remedy: 'Boot the node with systemd.unified_cgroup_hierarchy=1, or mount cgroup2 beside the version 1 controllers.',
  },
  NoPodCgroup: {
    means: 'The directory of the pods (kubepods or kubepods.slice) was not found in the cgroup v2 hierarchy.',
    remedy: 'Check the cgroupRoot and cgroupDriver of the kubelet, and that /sys/fs/cgroup of the host is mounted in the agent.',
  },
  NoBtf: {
    means: 'The kernel has no BTF type information (/sys/kernel/btf/vmlinux).',
    remedy: 'Use a kernel built with CONFIG_DEBUG_INFO_BTF=y.',
  },
  NoBpffs: { means: 'No BPF file system is mounted at the pin directory.', remedy: 'Mount one: mount -t bpf bpf /sys/fs/bpf.' },
  NoCriSocket: {
    means: 'The container runtime does not answer at its socket, so the pods of the node are unknown.',
    remedy: 'See that the runtime runs. If its socket is at a path that docs/install.md does not list, set spec.agent.criSocket to that path.',
  },
  LoadRefused: {
    means: 'The kernel refused to load the eBPF programs.',
    remedy: 'Read the verifier’s message in the agent’s log, and check that kernel lockdown is off.',
  },
  CgroupTaken: {
    means:
      'Another product has attached a program to the pods’ cgroup or to one above it. That program allows no other beside it, or this product’s programs would replace it.',
    remedy:
      'The message names the other product: have it attach its program with BPF_F_ALLOW_MULTI or by a BPF link. Or exclude the node by spec.nodes.nodeSelector.',
  },
  StalePins: {
    means: 'The pin directory has maps of another version that still carry traffic or cannot be read.',
    remedy:
      'Wait until the connections of those maps are closed, or drain the node; then delete the directory of the BPF file system that the message names.',
  },
  UnwatchedReaders: {
    means: 'The kernel offers no way to see which programs read by splice(2) or FIONREAD, so connections of new containers stay on TCP.',
    remedy: 'Use a kernel with CONFIG_KPROBES, or with CONFIG_FTRACE_SYSCALLS and tracefs at /sys/kernel/tracing.',
  },
  ImplausibleReport: {
    means: 'The node’s agent reports pods that are not on the node, or more connections than a node can have. Such reports are not counted.',
    remedy:
      'If pods of the node were deleted by force, wait: the problem passes. If not, remove the node from the cluster, because another program may hold the agent’s token.',
  },
  NamespaceLimit: {
    means: 'More namespaces are selected on the node than the datapath has counters for.',
    remedy: 'Narrow spec.selector.namespaces, or spread the pods.',
  },
  ConnectionLimit: {
    means:
      'The node or one of its pods has as many open connections, or as many unread redirected bytes, as it may have. Further connections and messages stay on TCP.',
    remedy: 'See which connections the named pod keeps open or does not read. If the node needs more, raise spec.connections.max.',
  },
} as const satisfies Record<string, ReasonText>;

/** Reasons that a pod can cause by itself. The node carries out its order all the same, and a rollout does not count them as a failure. */
const podCausedReasons: readonly NodeReason[] = ['ConnectionLimit'];

/** True when a pod alone can cause the problem, so that it says nothing about the agent or the node. */
export function isPodCaused(reason: NodeReason): boolean {
  return podCausedReasons.includes(reason);
}

/** Why a node that spec.nodes selects gets no agent. */
export const leftOutReasons = {
  UnsupportedPlatform: {
    means: 'The node does not run Linux on amd64 or arm64; there is no agent image for it.',
    remedy: 'Nothing: connections on the node stay on TCP.',
  },
  VirtualNode: {
    means: 'The node is virtual and runs no pods of DaemonSets: AWS Fargate or virtual-kubelet.',
    remedy: 'Nothing: connections of its pods stay on TCP. Run pods that are to be accelerated on nodes with a Linux kernel.',
  },
  TaintNotTolerated: {
    means: 'The node has a taint that spec.nodes.tolerations does not tolerate.',
    remedy: 'Remove the taint, or delete the resource and apply it again with a toleration.',
  },
} as const satisfies Record<string, ReasonText>;

/** Why a rollout sets a node aside: it does not wait for the node and does not count it. */
export const asideReasons = {
  NodeNotReady: { means: 'The node is not Ready.', remedy: 'Nothing: its agent is replaced when the node is Ready.' },
  NodeCordoned: {
    means: 'The node is cordoned.',
    remedy: 'Uncordon the node: its agent is then replaced. To replace the agent at once, delete its pod.',
  },
  NodeLeaving: { means: 'The node is being removed from the cluster.', remedy: 'Nothing.' },
  TaintNotTolerated: {
    means: 'The node got a taint after its agent was started. If the agent’s pod were deleted, no new one would be scheduled.',
    remedy: 'Remove the taint: the agent is then replaced.',
  },
  WasNotWell: {
    means: 'The pod of the node’s agent was not ready before the update, and the agent is not healthy now.',
    remedy: 'See the agent’s pod on the node. The agent was not ready before the rollout, so the new revision of the agent is not the cause.',
  },
  FailedAlone: {
    means: 'The agent of this node alone failed after its update. The failure of one node does not stop a revision.',
    remedy: 'See the agent’s pod on the node. To let this node decide alone, select only this node in spec.rollout.canary.nodeSelector.',
  },
  JoinedMeanwhile: {
    means: 'The node joined the cluster during the rollout, and its agent is not healthy. There is no earlier state to compare with.',
    remedy: 'See the agent’s pod on the node.',
  },
} as const satisfies Record<string, ReasonText>;

export type ConnectionReason = keyof typeof connectionReasons;
export type NodeReason = keyof typeof nodeReasons;
export type LeftOutReason = keyof typeof leftOutReasons;
export type AsideReason = keyof typeof asideReasons;

/** The names of a table of reasons, in the order of the table. */
function names<T extends Record<string, ReasonText>>(table: T): [keyof T & string, ...(keyof T & string)[]] {
  return Object.keys(table) as [keyof T & string, ...(keyof T & string)[]];
}

export const connectionReasonNames = names(connectionReasons);
export const nodeReasonNames = names(nodeReasons);
export const leftOutReasonNames = names(leftOutReasons);
export const asideReasonNames = names(asideReasons);
