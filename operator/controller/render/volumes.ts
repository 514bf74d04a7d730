// What an agent sees of its node and of the channel, each with the reason why it must.
import { posix } from 'node:path';
import { agentAudience, type Spec } from '../../api';
import { authorityKey, channelName } from './names';

/** The directory of the runtime's socket appears below this one: one in /run would otherwise hide /run/secrets of the container. */
const host = '/host';
const channelDirectory = '/etc/sidecar-acceleration/channel';
const tokenDirectory = '/var/run/secrets/acceleration.dev/agent';

export const pinRoot = '/sys/fs/bpf';
export const caFile = `${channelDirectory}/${authorityKey}`;
export const tokenFile = `${tokenDirectory}/token`;

/** The runtime's socket as the agent sees it. */
export function criSocket({ agent }: Spec): string {
  return posix.join(host, agent.criSocket);
}

export function agentMounts({ agent }: Spec) {
  return [
    { name: 'cri', mountPath: posix.join(host, posix.dirname(agent.criSocket)), readOnly: true },
    // A BPF file system that the node mounts later must reach the agent.
    { name: 'bpf', mountPath: pinRoot, mountPropagation: 'HostToContainer' },
    // Hybrid nodes may mount the cgroup v2 hierarchy later, below this directory.
    { name: 'cgroup', mountPath: '/sys/fs/cgroup', mountPropagation: 'HostToContainer', readOnly: true },
    // Whole directories: a file mounted by itself would never change when its source does.
    { name: 'channel', mountPath: channelDirectory, readOnly: true },
    { name: 'token', mountPath: tokenDirectory, readOnly: true },
  ];
}

export function agentVolumes({ agent }: Spec) {
  return [
    // The pods of the node, from the runtime itself. The directory and not the socket: a runtime that restarts makes a new
    // socket. It must exist: a wrong path then stops the rollout at its first nodes, where the kubelet's event names it.
    { name: 'cri', hostPath: { path: posix.dirname(agent.criSocket), type: 'Directory' } },
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
