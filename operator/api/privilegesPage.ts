// docs/privileges.md: what an agent may do on its node, as a page for people.
import { agentCapabilities } from './capabilities';

export function privilegesPage(): string {
  const rows = Object.entries(agentCapabilities).map(([name, { reason }]) => `| \`${name}\` | ${reason} |`);
  return `<!-- Generated from operator/api/capabilities.ts by npm run generate; do not edit. -->
# Privileges of the agent

\`spec.agent.privileges: Capabilities\`, the default, gives the agent these capabilities and no others:

| capability | what for |
|---|---|
${rows.join('\n')}

An agent that lacks one of them says so: its node is listed with the reason \`MissingPrivilege\`.

| beside them | what for |
|---|---|
| user 0 | The socket of the container runtime and the BPF file system belong to root. |
| processes of the host | The runtime names pods by process ids of the host. |
| \`/sys/fs/bpf\` | What is pinned there outlives the agent. |
| \`/sys/fs/cgroup\`, read-only | The directory of the pods, to which the programs are attached. |
| the runtime's socket, through \`/proc/1/root\` and \`SYS_PTRACE\` | Which pods run here. Whoever may connect to that socket is root on the node. No directory is mounted for it. |
| no AppArmor profile, SELinux type \`spc_t\` | The runtimes' own profiles deny mounting and looking at other processes. |

Its root file system is read-only, the runtime's seccomp profile is on, it cannot gain privileges, and it has neither the host's network nor a
right on the API server.

\`spec.agent.privileges: Privileged\` makes it a privileged container instead, for two kinds of nodes: with a kernel before 5.11, where maps
count as locked memory and a limit on that needs \`SYS_RESOURCE\`; and with a security module that denies what the capabilities allow.
Either way Pod Security counts the agents' pods as \`privileged\`, because of the host's processes and paths.
`;
}
