// Makes the object use what only some kernels have. Each such feature is found by its name in the running kernel's own type information. In the
// object it is a call of a number that no helper has, behind a constant that is false. Where the kernel has the feature, the call gets the real
// number and the constant becomes true. On other kernels the verifier sees that the call is never reached.
import { readFileSync } from 'node:fs';
import { codecOf, type KernelFeatures } from './abi';
import { enumerator, parseBtf, type Btf } from './btf';
import { redirectCalls, section } from './elf';

const kernelBtf = '/sys/kernel/btf/vmlinux';
/** Sections whose code may call such features. */
const programSections = ['sockops', 'sk_msg', 'cgroup_skb/ingress', 'tc', 'iter/tcp', '.text'];

interface Feature {
  /** The member of struct kernel_features in ebpf/abi.h that says whether the kernel has it. */
  readonly flag: keyof KernelFeatures;
  /** The number that the object calls. */
  readonly placeholder: number;
  readonly kind: Parameters<typeof redirectCalls>[2];
  /** The real number; undefined where the kernel has none. */
  find(kernel: Btf): number | undefined;
}

const features: readonly Feature[] = [
  // ORIGINAL_ADDR_HELPER of ebpf/origdst.h; openEuler alone has it
  { flag: 'original_addr_helper', placeholder: 0x5ca1ab1e, kind: 'helper', find: (kernel) => enumerator(kernel, 'BPF_FUNC_sk_original_addr') },
  // READONLY_CAST_FUNCTION of ebpf/peek.h; since 6.2
  { flag: 'readonly_cast', placeholder: 0x5ca1ca57, kind: 'kernelFunction', find: (kernel) => kernel.functions.get('bpf_rdonly_cast') },
];

/** The running kernel's own types, functions and enumerators. */
export function runningKernel(): Btf {
  return parseBtf(readFileSync(kernelBtf));
}

/** Patches the calls in the object's code. Returns the flags that are to be 1 in its constants. */
export function useFeatures(elf: Buffer, kernel: Btf): string[] {
  return features.flatMap(({ flag, placeholder, kind, find }) => {
    const number = find(kernel);
    if (number === undefined) return [];
    for (const name of programSections) redirectCalls(section(elf, name), placeholder, kind, number);
    return [flag];
  });
}

/** Members of struct kernel_features in ebpf/abi.h and their values. A member that is not named is 0. */
export type Constants = Partial<KernelFeatures>;

const none: KernelFeatures = { fionread: 0, original_addr_helper: 0, readonly_cast: 0, rcvbuf_refuses: 0 };

/** Writes struct kernel_features, the only constants of the object. */
export function setConstants(constants: Buffer, values: Constants, object: Btf): void {
  const codec = codecOf(object, 'kernel_features');
  if (codec.size !== constants.length) throw new Error('set constants: struct kernel_features is no longer alone in .rodata');
  codec.encode({ ...none, ...values }).copy(constants);
}
