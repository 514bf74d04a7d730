// The versions that the product's packages and image depend on; each is written only here.

/** Versions of parts that are built or downloaded. The Go modules under modules/ pin the same ones; the chart is rendered for this Kubernetes. */
export const versions = {
  kubernetes: '1.36.3',
  helm: '3.22.0',
} as const;

/** The Debian release that the base image is made from. */
export const debianRelease = 'bookworm';
