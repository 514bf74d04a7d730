// The version of every real part, said once.

/** Versions of what the harness builds or downloads. The Go modules under modules/ pin the same ones. */
export const versions = {
  kubernetes: '1.36.3',
  containerd: '2.4.2',
  helm: '3.22.0',
  fortio: '1.66.5',
  envoy: '1.40.0',
} as const;

/** The Debian release that the harness makes its base image from. */
export const debianRelease = 'bookworm';
