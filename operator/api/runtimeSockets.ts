// The paths on the host at which container runtimes have their sockets. Each agent tries them on its node, so a cluster may mix runtimes.
export interface RuntimeSocket {
  readonly path: string;
  /** The runtime and the distributions that use this path, for docs/install.md. */
  readonly of: string;
}

/** The default of spec.agent.criSocket in earlier releases. Stored resources have this value also when no user has chosen it. */
export const formerCriSocket = '/run/containerd/containerd.sock';

/** In the order in which they are tried. */
export const runtimeSockets: readonly RuntimeSocket[] = [
  { path: formerCriSocket, of: 'containerd: kubeadm, EKS, GKE, AKS, Talos, Bottlerocket' },
  { path: '/run/crio/crio.sock', of: 'CRI-O: OpenShift, kubeadm' },
  { path: '/run/k3s/containerd/containerd.sock', of: 'k3s, RKE2' },
  { path: '/var/snap/microk8s/common/run/containerd.sock', of: 'MicroK8s' },
  { path: '/run/k0s/containerd.sock', of: 'k0s' },
];
