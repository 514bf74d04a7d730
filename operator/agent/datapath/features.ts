// What only some kernels offer to programs, found by name in the running kernel's own type information. Each stands in the
// object as calls of a number that no helper has, behind a constant that is false; where the kernel has it, the calls get the
// real number and the constant becomes true. Elsewhere the verifier sees that they are never reached.
import { readFileSync } from 'node:fs';
import { structCodec } from './codec';
import { enumerator, parseBtf, type Btf } from './btf';
import { redirectCalls, section } from './elf';

const kernelBtf = '/sys/kernel/btf/vmlinux';
/** Sections whose code may call what only some kernels offer. */
const programSections = ['sockops', 'sk_msg', 'cgroup_skb/ingress', 'tc', 'iter/tcp', '.text'];

interface Feature {
  /** The member of struct offers in ebpf/abi.h that says whether there is one. */
  readonly flag: string;
  /** The number in the object. */
  readonly placeholder: number;
  readonly kind: Parameters<typeof redirectCalls>[2];
  /** The real number, if the kernel has one. */
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

/** What a kernel offers of these, by the names of struct offers. */
export function featuresOf(kernel: Btf): string[] {
  return features.filter(({ find }) => find(kernel) !== undefined).map(({ flag }) => flag);
}

/** Patches the object's code; returns the flags that are to be 1 in its constants. */
export function useFeatures(elf: Buffer, kernel: Btf): string[] {
  return features.flatMap(({ flag, placeholder, kind, find }) => {
    const number = find(kernel);
    if (number === undefined) return [];
    for (const name of programSections) redirectCalls(section(elf, name), placeholder, kind, number);
    return [flag];
  });
}

/** The names of struct offers in ebpf/abi.h, and what is written there; what is not named is 0. */
export type Constants = Readonly<Record<string, number>>;

/** Writes struct offers, the object's only constants. */
export function setConstants(constants: Buffer, values: Constants, object: Btf): void {
  const features = structCodec<Constants>(object, 'kernel_features');
  if (features.size !== constants.length) throw new Error('set constants: struct kernel_features is no longer alone in .rodata');
  features.encode(values).copy(constants);
}
