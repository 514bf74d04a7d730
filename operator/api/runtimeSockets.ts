// Where container runtimes have their sockets, as a path of the host: looked for on each node, so that a cluster may mix them.
export interface RuntimeSocket {
  readonly path: string;
  /** Whose it is, for docs. */
  readonly of: string;
}

/** The default of earlier releases: it stands in stored resources, also where nobody has chosen it. */
export const formerCriSocket = '/run/containerd/containerd.sock';

/** In the order in which they are tried. */
export const runtimeSockets: readonly RuntimeSocket[] = [
  { path: formerCriSocket, of: 'containerd: kubeadm, EKS, GKE, AKS, Talos, Bottlerocket' },
  { path: '/run/crio/crio.sock', of: 'CRI-O: OpenShift, kubeadm' },
  { path: '/run/k3s/containerd/containerd.sock', of: 'k3s, RKE2' },
  { path: '/var/snap/microk8s/common/run/containerd.sock', of: 'MicroK8s' },
  { path: '/run/k0s/containerd.sock', of: 'k0s' },
];
