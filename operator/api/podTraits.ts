// What of a pod keeps its connections on TCP, beside selectors: for the agent, which has it from the container runtime, and for explain
// and doctor, which have it from the API server.
import type { Labels } from './labelSelector';

/** By which bandwidth plug-ins of the Container Network Interface, and Cilium, limit a pod where it meets the node. */
const bandwidthAnnotations = ['kubernetes.io/ingress-bandwidth', 'kubernetes.io/egress-bandwidth'] as const;

/** The first such annotation of a pod; undefined where it has none. */
export function bandwidthAnnotation(annotations: Labels): string | undefined {
  return bandwidthAnnotations.find((name) => (annotations[name] ?? '') !== '');
}

/** Kata Containers, gVisor and Firecracker by the names that their documentations give handlers and classes, with what people append. */
const ownKernelRuntimes = /(^|[^a-z])(kata|runsc|gvisor|firecracker)([^a-z]|$)/i;
/** The pod that KubeVirt makes for each of its machines. */
const machineLabel = 'kubevirt.io';
const machineLabelValue = 'virt-launcher';

/** Whether the sockets of a pod's programs are those of another kernel. @param runtimes names of its runtime, as a handler, type or class */
export function hasOwnKernel({ labels, runtimes }: { readonly labels: Labels; readonly runtimes: readonly string[] }): boolean {
  return labels[machineLabel] === machineLabelValue || runtimes.some((name) => ownKernelRuntimes.test(name));
}
