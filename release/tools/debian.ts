// Command line: `build` installs the Debian packages for compiling the product, `image` those for building its image.
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { compilerPackages, imagePackages, installPackages, missingOf } from './packages';
import { Progress } from './progress';

async function main([argument]: readonly string[]): Promise<void> {
  const missing = missingOf({ build: compilerPackages, image: imagePackages }[z.enum(['build', 'image']).parse(argument)]);
  if (missing.length === 0) return;
  const log = join(tmpdir(), `sidecar-acceleration-apt-${process.pid}.log`);
  await new Progress().step(`Debian: ${missing.join(' ')}`, () => installPackages(missing, log));
}

main(process.argv.slice(2)).catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});
