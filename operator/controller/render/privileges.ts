// What the agent's container may do on its node; docs/privileges.md tells it to people.
import { capabilityNames, type Spec } from '../../api';

/** In both cases nothing is written to the container's own file system. */
export function securityContext({ privileges }: Spec['agent']) {
  const root = { runAsUser: 0, runAsGroup: 0, readOnlyRootFilesystem: true };
  if (privileges === 'Privileged') return { ...root, privileged: true };
  return {
    ...root,
    allowPrivilegeEscalation: false,
    capabilities: { drop: ['ALL'], add: capabilityNames },
    // Of the runtimes: it lets through what the capabilities are for (containerd's contrib/seccomp, CRI-O's default).
    seccompProfile: { type: 'RuntimeDefault' },
    // The runtimes' profiles deny mounts, and looking at processes of other profiles (containerd's contrib/apparmor).
    appArmorProfile: { type: 'Unconfined' },
    // Else SELinux keeps containers from sockets and BPF objects of the host; ignored where there is no SELinux.
    seLinuxOptions: { type: 'spc_t' },
  };
}
