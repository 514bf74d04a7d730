// The text of docs/privileges.md: what an agent may do on its node.
import { agentCapabilities } from './capabilities';

export function privilegesPage(): string {
  const rows = Object.entries(agentCapabilities).map(([name, { reason }]) => `| \`${name}\` | ${reason} |`);
  return `<!-- Generated from operator/api/capabilities.ts by npm run generate; do not edit. -->
# Privileges of the agent

\`spec.agent.privileges: Capabilities\`, the default, gives the agent these capabilities and no others:

| capability | what for |
|---|---|
${rows.join('\n')}

When an agent lacks one of them, its node is listed with the reason \`MissingPrivilege\`.

| besides the capabilities | what for |
|---|---|
| user 0 | The socket of the container runtime and the BPF file system belong to root. |
| the host's PID namespace | The container runtime identifies a pod by a process id of the host. |
| \`/sys/fs/bpf\` | The programs and maps are pinned there, so that they stay when the agent ends. |
| \`/sys/fs/cgroup\`, read-only | It has the directory of the pods' cgroups, to which the programs are attached. |
| the runtime's socket, through \`/proc/1/root\` and \`SYS_PTRACE\` | The agent asks the runtime which pods run on the node. A process that may connect to that socket is as good as root on the node. No directory is mounted for it. |
| no AppArmor profile, SELinux type \`spc_t\` | The runtimes' default profiles deny mounts and access to other processes. |

The agent's root file system is read-only, the runtime's seccomp profile is on, and privilege escalation is off. The agent is not in the host's
network namespace and has no rights at the API server.

\`spec.agent.privileges: Privileged\` makes the agent a privileged container instead. Two kinds of nodes need that: nodes with a kernel before
5.11, where maps count as locked memory and raising its limit needs \`SYS_RESOURCE\`, and nodes with a security module that denies what the
capabilities allow. With either setting the pods need the Pod Security level \`privileged\`, because of the host's PID namespace and paths.
`;
}
