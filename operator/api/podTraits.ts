// Properties of a pod, beside its labels, that keep its connections on TCP. The agent reads them from the container runtime; `accelctl
// explain` and `doctor` read them from the API server.
import type { Labels } from './labelSelector';

/** Annotations by which the bandwidth plug-in of the Container Network Interface and Cilium limit a pod at its network device. */
const bandwidthAnnotations = ['kubernetes.io/ingress-bandwidth', 'kubernetes.io/egress-bandwidth'] as const;

/** The name of the first annotation of a pod that limits its bandwidth; undefined when there is none. */
export function bandwidthAnnotation(annotations: Labels): string | undefined {
  return bandwidthAnnotations.find((name) => (annotations[name] ?? '') !== '');
}

/**
 * Names of runtime handlers and RuntimeClasses of Kata Containers, gVisor and Firecracker, as their documentation has them, also with a
 * prefix or suffix such as kata-qemu.
 */
const ownKernelRuntimes = /(^|[^a-z])(kata|runsc|gvisor|firecracker)([^a-z]|$)/i;
/** The label of the pod that KubeVirt creates for each virtual machine. */
const machineLabel = 'kubevirt.io';
const machineLabelValue = 'virt-launcher';

/**
 * True when the pod's programs run on a kernel of their own, so that their sockets are not sockets of the node's kernel.
 * @param runtimes the names by which the pod's runtime is known: handler, type or RuntimeClass
 */
export function hasOwnKernel({ labels, runtimes }: { readonly labels: Labels; readonly runtimes: readonly string[] }): boolean {
  return labels[machineLabel] === machineLabelValue || runtimes.some((name) => ownKernelRuntimes.test(name));
}
