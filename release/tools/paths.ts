// The paths of the checkout, of its build directory and of the cache.
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';

/** The root of this checkout. */
export const checkout = resolve(__dirname, '..', '..');

/** The build directory of this checkout, for reports and timings; another clone cannot use its content. */
export const buildDirectory = join(checkout, 'build');

/**
 * The cache for everything that takes long to build. It is outside the checkout, so that a fresh clone on the same
 * machine can use it. The variable SIDECAR_ACCELERATION_CACHE sets another directory.
 */
export const cacheDirectory = process.env['SIDECAR_ACCELERATION_CACHE'] ?? join(homedir(), '.cache', 'sidecar-acceleration');
