// The Linux capabilities of an agent that is not privileged, each with its reason: for the pod, the agent's own check and the docs.

export interface Capability {
  /** Its number (include/uapi/linux/capability.h). */
  readonly bit: number;
  readonly reason: string;
}

/** The least that works on every supported kernel; a test takes each of them away. */
export const agentCapabilities = {
  NET_ADMIN: {
    bit: 12,
    reason: 'Makes the map of sockets and loads programs of the network; from Linux 6.9 on SYS_ADMIN contains that. Switches the loopback device on '
      + 'where the agent tries how the kernel redirects.',
  },
  SYS_PTRACE: {
    bit: 19,
    reason: 'Reads in /proc which network namespace each pod has: that is how the programs recognise its sockets. Reaches the socket of the container runtime through /proc/1/root, wherever a node has it.',
  },
  SYS_ADMIN: {
    bit: 21,
    reason: 'Enters those network namespaces to visit open connections, makes one of its own to try how the kernel redirects, enters that of the host’s cgroups to find the pods’ directory; mounts tracefs '
      + 'to notice readers that cannot be joined. The kernel has no smaller right for entering a namespace. It contains BPF and PERFMON.',
  },
} as const satisfies Record<string, Capability>;

export type CapabilityName = keyof typeof agentCapabilities;

export const capabilityNames = Object.keys(agentCapabilities) as CapabilityName[];
