// What an agent sees of its node and of the channel, each with the reason why it must.
import { agentAudience } from '../../api';
import { authorityKey, channelName } from './names';

const channelDirectory = '/etc/sidecar-acceleration/channel';
const tokenDirectory = '/var/run/secrets/acceleration.dev/agent';

export const pinRoot = '/sys/fs/bpf';
export const caFile = `${channelDirectory}/${authorityKey}`;
export const tokenFile = `${tokenDirectory}/token`;

/** The runtime's socket is none of them: the agent reaches it through the host's first process, wherever a node has it. */
export function agentMounts() {
  return [
    // A BPF file system that the node mounts later must reach the agent.
    { name: 'bpf', mountPath: pinRoot, mountPropagation: 'HostToContainer' },
    // Hybrid nodes may mount the cgroup v2 hierarchy later, below this directory.
    { name: 'cgroup', mountPath: '/sys/fs/cgroup', mountPropagation: 'HostToContainer', readOnly: true },
    // Whole directories: a file mounted by itself would never change when its source does.
    { name: 'channel', mountPath: channelDirectory, readOnly: true },
    { name: 'token', mountPath: tokenDirectory, readOnly: true },
  ];
}

export function agentVolumes() {
  return [
    // Programs, maps and links are pinned here, and so outlive the agent.
    { name: 'bpf', hostPath: { path: '/sys/fs/bpf', type: 'DirectoryOrCreate' } },
    // The directory of the pods, to which the programs are attached; attaching writes nothing.
    { name: 'cgroup', hostPath: { path: '/sys/fs/cgroup', type: 'Directory' } },
    // By what the agent recognises the controller.
    { name: 'channel', configMap: { name: channelName } },
    // By what the controller recognises the node. The API server itself refuses a token of this audience.
    {
      name: 'token',
      projected: { sources: [{ serviceAccountToken: { audience: agentAudience, expirationSeconds: 600, path: 'token' } }] },
    },
  ];
}
