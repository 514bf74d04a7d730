// The version of every real part: of the product's packages, and of what only tests need.
import { versions as released } from '../../../release/tools/versions';

/** Versions of what the harness builds or downloads. The Go modules under modules/ pin the same ones. */
export const versions = {
  ...released,
  containerd: '2.4.2',
  fortio: '1.66.5',
  envoy: '1.40.0',
} as const;
