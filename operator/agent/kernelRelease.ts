// Comparing kernel versions.

/** @param release as `uname -r` prints it; distributions append what they like: 5.10.0-182.0.0.95.oe2203sp3.x86_64 */
export function isAtLeast(release: string, [leastMajor, leastMinor]: readonly [number, number]): boolean {
  const [major = 0, minor = 0] = release.split(/[.-]/).map((part) => Number.parseInt(part, 10));
  return major > leastMajor || (major === leastMajor && minor >= leastMinor);
}
