// Command line: `all` installs the Debian packages for compiling the product and running a cluster. The other words install these and more:
// `programs` other people's programs, `readers` those and the programs for e2e/suites/readers, `kernels` the tools for tests on other kernels.
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { errorMessage } from '../../../operator/base';
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
  process.stderr.write(`${errorMessage(error)}\n`);
  process.exitCode = 1;
});
