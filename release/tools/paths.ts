// Where the harness finds the checkout and keeps what it builds.
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';

/** The root of this checkout. */
export const checkout = resolve(__dirname, '..', '..');

/** The checkout's own output folder: reports and timings, nothing that another clone could reuse. */
export const buildDirectory = join(checkout, 'build');

/**
 * The directory of everything costly to build. It lies outside the checkout, so that a fresh clone on
 * the same machine starts warm. Set SIDECAR_ACCELERATION_CACHE to move it.
 */
export const cacheDirectory =
  process.env['SIDECAR_ACCELERATION_CACHE'] ?? join(homedir(), '.cache', 'sidecar-acceleration');
