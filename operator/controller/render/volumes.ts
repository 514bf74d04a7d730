// The volumes of an agent's pod and where they are mounted, with the reason for each.
import { agentAudience } from '../../api';
import { authorityKey, channelName } from './names';

const channelDirectory = '/etc/sidecar-acceleration/channel';
const tokenDirectory = '/var/run/secrets/acceleration.dev/agent';

export const pinRoot = '/sys/fs/bpf';
export const caFile = `${channelDirectory}/${authorityKey}`;
export const tokenFile = `${tokenDirectory}/token`;

/** The mounts of the agent's container. The runtime's socket is not among them: the agent reaches it through the host's first process. */
export function agentMounts() {
  return [
    // A BPF file system that the node mounts later must be visible in the container.
    { name: 'bpf', mountPath: pinRoot, mountPropagation: 'HostToContainer' },
    // Hybrid nodes may mount the cgroup v2 hierarchy later, below this directory.
    { name: 'cgroup', mountPath: '/sys/fs/cgroup', mountPropagation: 'HostToContainer', readOnly: true },
    // Directories and not single files, because a mounted file does not change with its source.
    { name: 'channel', mountPath: channelDirectory, readOnly: true },
    { name: 'token', mountPath: tokenDirectory, readOnly: true },
  ];
}

export function agentVolumes() {
  return [
    // Programs, maps and links are pinned here, so that they stay when the agent ends.
    { name: 'bpf', hostPath: { path: '/sys/fs/bpf', type: 'DirectoryOrCreate' } },
    // The pods' directory, to which the programs are attached; attaching writes nothing.
    { name: 'cgroup', hostPath: { path: '/sys/fs/cgroup', type: 'Directory' } },
    // The authorities by which the agent verifies the controller.
    { name: 'channel', configMap: { name: channelName } },
    // The token by which the agent authenticates to the controller. The API server refuses a token of this audience.
    {
      name: 'token',
      projected: { sources: [{ serviceAccountToken: { audience: agentAudience, expirationSeconds: 600, path: 'token' } }] },
    },
  ];
}
