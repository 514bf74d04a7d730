// The security context of the agent's container; docs/privileges.md describes it.
import { capabilityNames, type Spec } from '../../api';

/** The security context for spec.agent.privileges. The root file system is read-only for both values. */
export function securityContext({ privileges }: Spec['agent']) {
  const root = { runAsUser: 0, runAsGroup: 0, readOnlyRootFilesystem: true };
  if (privileges === 'Privileged') return { ...root, privileged: true };
  return {
    ...root,
    allowPrivilegeEscalation: false,
    capabilities: { drop: ['ALL'], add: capabilityNames },
    // The runtime's profile allows the system calls of the container's capabilities (containerd's contrib/seccomp, CRI-O's default).
    seccompProfile: { type: 'RuntimeDefault' },
    // The runtimes' profiles deny mounts and access to processes of other profiles (containerd's contrib/apparmor).
    appArmorProfile: { type: 'Unconfined' },
    // Without this type SELinux denies access to sockets and BPF objects of the host. Nodes without SELinux ignore it.
    seLinuxOptions: { type: 'spc_t' },
  };
}
