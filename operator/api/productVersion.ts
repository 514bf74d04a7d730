// The version of this product, as its package.json says it; the compiled code lies one level deeper than the source.
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { z } from 'zod';

const manifest = z.object({ name: z.literal('sidecar-acceleration'), version: z.string() });

/** `unknown` when the package.json is not shipped beside the code. */
export function productVersion(from = __dirname): string {
  try {
    return manifest.parse(JSON.parse(readFileSync(join(from, 'package.json'), 'utf8'))).version;
  } catch {
    return dirname(from) === from ? 'unknown' : productVersion(dirname(from));
  }
}
