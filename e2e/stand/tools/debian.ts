// Command line: `all` installs the Debian packages that compiling the product and running a cluster need,
// `programs` other people's programs besides, `readers` those and what more the witnesses need, `kernels` what tests on other kernels need besides.
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { installPackages } from '../../../release/tools/packages';
import { Progress } from '../../../release/tools/progress';
import { missingPackages } from './packages';

async function main([argument]: readonly string[]): Promise<void> {
  const missing = missingPackages(z.enum(['all', 'programs', 'readers', 'kernels']).parse(argument));
  if (missing.length === 0) return;
  const log = join(tmpdir(), `sidecar-acceleration-apt-${process.pid}.log`);
  await new Progress().step(`Debian: ${missing.join(' ')}`, () => installPackages(missing, log));
}

main(process.argv.slice(2)).catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});
