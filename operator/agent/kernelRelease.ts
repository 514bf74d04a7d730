// Compares kernel versions.

/**
 * True when the release is of the given version or a later one.
 * @param release as `uname -r` prints it, with any suffix of the distribution: 5.10.0-182.0.0.95.oe2203sp3.x86_64
 */
export function isAtLeast(release: string, [leastMajor, leastMinor]: readonly [number, number]): boolean {
  const [major = 0, minor = 0] = release.split(/[.-]/).map((part) => Number.parseInt(part, 10));
  return major > leastMajor || (major === leastMajor && minor >= leastMinor);
}
