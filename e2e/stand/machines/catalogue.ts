// The kernels that tests run on: the newest of a series of Debian's cloud kernels, for an architecture.

/** Architectures: the name in Node.js → the name in Debian. */
export const architectures = { x64: 'amd64', arm64: 'arm64' } as const;
export type Architecture = keyof typeof architectures;

export interface KernelChoice {
  /** The name on the command line and in the table of results: `6.1`, `newest`, `6.12-arm64`. */
  readonly name: string;
  /** The beginning of the version, for example `6.1.`; empty for the newest kernel. */
  readonly series: string;
  readonly architecture: Architecture;
}

/** The kernels that are tested by default: those of distributions with long support, the newest, and one on arm64. */
export const usualKernels = ['5.10', '6.1', '6.12', 'newest', '6.12-arm64'] as const;

/** Debian's suites in which kernels are looked for: all that have a kernel of these series. */
export const suites = {
  main: ['bullseye', 'bookworm', 'bookworm-backports', 'trixie', 'trixie-backports', 'forky', 'sid'],
  security: ['bullseye-security', 'bookworm-security', 'trixie-security'],
} as const;

/** Reads a name such as `6.1`, `newest` or `newest-arm64`. @throws for any other form */
export function kernelChoice(name: string): KernelChoice {
  const words = /^(newest|\d+\.\d+)(-arm64)?$/.exec(name);
  if (words === null) throw new Error(`reading the kernel ${name}: expected a series such as 6.1, or newest, each also with -arm64 behind it`);
  const [, series = '', arm] = words;
  return { name, series: series === 'newest' ? '' : `${series}.`, architecture: arm === undefined ? 'x64' : 'arm64' };
}

/** Debian's package of a kernel for virtual machines, which has all that a node needs. */
export function kernelPackage(architecture: Architecture): string {
  return `linux-image-cloud-${architectures[architecture]}`;
}
