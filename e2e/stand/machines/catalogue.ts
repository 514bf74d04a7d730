// Which kernels the tests run on: a series of Debian's cloud kernels, the newest of which is taken, on an architecture.

/** Architectures by Node's name; each with Debian's. */
export const architectures = { x64: 'amd64', arm64: 'arm64' } as const;
export type Architecture = keyof typeof architectures;

export interface KernelChoice {
  /** As it is asked for and as it stands in the table: `6.1`, `newest`, `6.12-arm64`. */
  readonly name: string;
  /** What the version starts with; empty for the newest there is. */
  readonly series: string;
  readonly architecture: Architecture;
}

/** What is run when nothing is said: what the long-lived distributions ship, the newest, and one on arm64. */
export const usualKernels = ['5.10', '6.1', '6.12', 'newest', '6.12-arm64'] as const;

/** The releases of the distribution whose archives are looked through: every one that has a kernel of these series. */
export const suites = {
  main: ['bullseye', 'bookworm', 'bookworm-backports', 'trixie', 'trixie-backports', 'forky', 'sid'],
  security: ['bullseye-security', 'bookworm-security', 'trixie-security'],
} as const;

/** Reads `6.1`, `newest`, `newest-arm64`. Throws where it is none of that form. */
export function kernelChoice(name: string): KernelChoice {
  const words = /^(newest|\d+\.\d+)(-arm64)?$/.exec(name);
  if (words === null) throw new Error(`reading the kernel ${name}: expected a series such as 6.1, or newest, each also with -arm64 behind it`);
  const [, series = '', arm] = words;
  return { name, series: series === 'newest' ? '' : `${series}.`, architecture: arm === undefined ? 'x64' : 'arm64' };
}

/** Debian's package of a kernel for virtual machines; it has all that a node of pods needs. */
export function kernelPackage(architecture: Architecture): string {
  return `linux-image-cloud-${architectures[architecture]}`;
}
