// The Linux capabilities of an agent that is not privileged, each with its reason. The agent's pod, the agent's check at start and
// docs/privileges.md read them from here.

export interface Capability {
  /** The number of the capability (include/uapi/linux/capability.h). */
  readonly bit: number;
  readonly reason: string;
}

/** The smallest set that works on every supported kernel. A test removes each capability in turn and sees the agent fail. */
export const agentCapabilities = {
  NET_ADMIN: {
    bit: 12,
    reason:
      'Allows the agent to create the SOCKHASH and to load network programs. (SYS_ADMIN allows both since Linux 6.9.) Also allows it to set the ' +
      'loopback device up in the network namespace where the agent tests how the kernel redirects.',
  },
  SYS_PTRACE: {
    bit: 19,
    reason:
      'Reads from /proc which network namespace each pod has, by which the programs recognise the pod’s sockets. Reaches the socket of the ' +
      'container runtime through /proc/1/root, at whatever path the node has it.',
  },
  SYS_ADMIN: {
    bit: 21,
    reason:
      'Enters the pods’ network namespaces to scan open connections, creates a network namespace to test how the kernel redirects, and enters the ' +
      'host’s cgroup namespace to find the pods’ directory. Mounts tracefs to notice programs that read by splice(2) or FIONREAD. The kernel has no ' +
      'smaller capability for entering a namespace. SYS_ADMIN contains BPF and PERFMON.',
  },
} as const satisfies Record<string, Capability>;

export type CapabilityName = keyof typeof agentCapabilities;

export const capabilityNames = Object.keys(agentCapabilities) as CapabilityName[];
