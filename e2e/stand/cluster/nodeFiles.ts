// The configuration files of one node's container runtime, kubelet and kube-proxy, as text.
import { nodeAddresses, podSubnets } from './addresses';
import { pauseImage } from './images';

/** The configuration of containerd: the defaults, except for settings that this kernel or a second node on it needs. */
export function containerdConfiguration(cniDirectory: string): string {
  return `version = 3
[plugins."io.containerd.internal.v1.opt"]
  path = "/var/lib/containerd/opt"
[plugins."io.containerd.cri.v1.images".pinned_images]
  sandbox = "${pauseImage}"
[plugins."io.containerd.cri.v1.runtime"]
  # Without CAP_SYS_RESOURCE no process may lower its score; containers then keep the runtime's.
  restrict_oom_score_adj = true
[plugins."io.containerd.cri.v1.runtime".cni]
  bin_dirs = ["/usr/lib/cni"]
  conf_dir = "${cniDirectory}"
`;
}

/** The CNI configuration: pods of a node are on one bridge, each with an IPv4 and an IPv6 address. */
export function cniConfiguration(index: number): string {
  const { pods, pods6 } = nodeAddresses(index);
  return JSON.stringify({
    cniVersion: '1.0.0',
    name: 'pods',
    plugins: [
      {
        type: 'bridge',
        bridge: 'pods',
        isGateway: true,
        ipMasq: false,
        hairpinMode: true,
        ipam: {
          type: 'host-local',
          ranges: [[{ subnet: pods }], [{ subnet: pods6 }]],
          routes: [{ dst: '0.0.0.0/0' }, { dst: '::/0' }],
        },
      },
    ],
  });
}

/** The configuration of the kubelet: cgroups are below the node's own, and hardly any eviction, because the disk is shared with other programs. */
export function kubeletConfiguration(index: number, cgroup: string): string {
  const { node } = nodeAddresses(index);
  return JSON.stringify({
    apiVersion: 'kubelet.config.k8s.io/v1beta1',
    kind: 'KubeletConfiguration',
    failCgroupV1: false,
    failSwapOn: false,
    cgroupDriver: 'cgroupfs',
    cgroupRoot: `/${cgroup}`,
    enforceNodeAllocatable: ['pods'],
    authentication: { anonymous: { enabled: true }, webhook: { enabled: false } },
    authorization: { mode: 'AlwaysAllow' },
    containerRuntimeEndpoint: 'unix:///run/containerd/containerd.sock',
    address: node,
    healthzBindAddress: node,
    readOnlyPort: 0,
    resolvConf: '',
    evictionHard: { 'memory.available': '100Mi', 'nodefs.available': '1%', 'imagefs.available': '1%' },
    volumePluginDir: '/var/lib/kubelet/volume-plugins',
    localStorageCapacityIsolation: false,
  });
}

/** The configuration of kube-proxy: nftables mode, and no change of conntrack limits, which hold for the whole kernel. */
export function proxyConfiguration(index: number, name: string, kubeconfig: string): string {
  return JSON.stringify({
    apiVersion: 'kubeproxy.config.k8s.io/v1alpha1',
    kind: 'KubeProxyConfiguration',
    mode: 'nftables',
    clientConnection: { kubeconfig },
    clusterCIDR: podSubnets,
    detectLocalMode: 'ClusterCIDR',
    bindAddress: nodeAddresses(index).node,
    hostnameOverride: name,
    conntrack: { maxPerCore: 0, min: 0, tcpEstablishedTimeout: '0s', tcpCloseWaitTimeout: '0s' },
  });
}
