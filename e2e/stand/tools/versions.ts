// The versions of all parts: those of the product's packages, and those that only tests need.
import { versions as released } from '../../../release/tools/versions';

/** The versions of the parts that are built or downloaded. The Go modules under modules/ pin the same versions. */
export const versions = {
  ...released,
  containerd: '2.4.2',
  fortio: '1.66.5',
  envoy: '1.40.0',
} as const;
