// Makes the object use what only some kernels have. Each such feature is found by its name in the running kernel's own type information. In the
// object it stands behind a constant that is false, and that becomes true where the kernel has the feature. On other kernels the verifier sees that
// the code is never reached. A feature that is a function is called in the object by a number that no helper has; the call gets the real number.
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
  /** The number that the object calls, and what kind of function it stands for. */
  readonly call?: { readonly placeholder: number; readonly kind: Parameters<typeof redirectCalls>[2] };
  /** The real number; undefined where the kernel has none. */
  find(kernel: Btf): number | undefined;
}

const features: readonly Feature[] = [
  // ORIGINAL_ADDR_HELPER of ebpf/origdst.h; openEuler alone has it
  {
    flag: 'original_addr_helper',
    call: { placeholder: 0x5ca1ab1e, kind: 'helper' },
    find: (kernel) => enumerator(kernel, 'BPF_FUNC_sk_original_addr'),
  },
  // READONLY_CAST_FUNCTION of ebpf/peek.h; since 6.2
  { flag: 'readonly_cast', call: { placeholder: 0x5ca1ca57, kind: 'kernelFunction' }, find: (kernel) => kernel.functions.get('bpf_rdonly_cast') },
  // an option of bpf_setsockopt(), since 6.12; before, only a sock_ops program could ask for the callbacks of its own socket
  { flag: 'scan_callbacks', find: (kernel) => enumerator(kernel, 'TCP_BPF_SOCK_OPS_CB_FLAGS') },
];

/** The running kernel's own types, functions and enumerators. */
export function runningKernel(): Btf {
  return parseBtf(readFileSync(kernelBtf));
}

/** Patches the calls in the object's code. Returns the flags that are to be 1 in its constants. */
export function useFeatures(elf: Buffer, kernel: Btf): string[] {
  return features.flatMap(({ flag, call, find }) => {
    const number = find(kernel);
    if (number === undefined) return [];
    if (call !== undefined) for (const name of programSections) redirectCalls(section(elf, name), call.placeholder, call.kind, number);
    return [flag];
  });
}

/** Members of struct kernel_features in ebpf/abi.h and their values. A member that is not named is 0. */
export type Constants = Partial<KernelFeatures>;

const none: KernelFeatures = { fionread: 0, original_addr_helper: 0, readonly_cast: 0, scan_callbacks: 0, rcvbuf_refuses: 0 };

/** Writes struct kernel_features, the only constants of the object. */
export function setConstants(constants: Buffer, values: Constants, object: Btf): void {
  const codec = codecOf(object, 'kernel_features');
  if (codec.size !== constants.length) throw new Error('set constants: struct kernel_features is no longer alone in .rodata');
  codec.encode({ ...none, ...values }).copy(constants);
}
