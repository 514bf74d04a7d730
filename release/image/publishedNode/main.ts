// Command line: checks the Node.js program for this architecture that `make image` ships.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { errorMessage } from '../../../operator/base';
import { checkout } from '../../tools/paths';
import { checkPublishedNode } from './check';

async function main(): Promise<void> {
  const directory = join(checkout, 'node_modules', `node-linux-${process.arch}`);
  const { version } = z.looseObject({ version: z.string() }).parse(JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8')));
  const keyring = process.env['NODE_KEYRING'];
  const mirror = process.env['NODE_MIRROR'] ?? 'https://nodejs.org/dist';
  await checkPublishedNode({ mirror, version, architecture: process.arch, binary: join(directory, 'bin', 'node'), keyring });
  const by = keyring === undefined ? 'checksums, unverified: set NODE_KEYRING=<file>' : 'checksums that a releaser of Node signed';
  process.stdout.write(`Node ${version} for ${process.arch} is the published program, by ${by}\n`);
}

main().catch((error: unknown) => {
  process.stderr.write(`${errorMessage(error)}\n`);
  process.exitCode = 1;
});
