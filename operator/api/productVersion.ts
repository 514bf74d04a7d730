// The version of this product from its package.json, which is searched upwards: the compiled code lies one level deeper than the source.
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { z } from 'zod';

const manifest = z.object({ name: z.literal('sidecar-acceleration'), version: z.string() });

/** The version of the nearest package.json of this product at or above `from`; `unknown` when there is none. */
export function productVersion(from = __dirname): string {
  try {
    return manifest.parse(JSON.parse(readFileSync(join(from, 'package.json'), 'utf8'))).version;
  } catch {
    return dirname(from) === from ? 'unknown' : productVersion(dirname(from));
  }
}
