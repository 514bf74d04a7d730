// Build step: bundles the controller into one file and the agent into another. A long-running process then holds only the code that it
// can reach: the generated models of @kubernetes/client-node alone take 60 MB otherwise, in a process that uses one class of the package.
import { copyFileSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { build } from 'esbuild';
import { errorMessage } from './base';

const root = join(__dirname, '..');

/** Folder of operator/ → the .proto files that the bundle loads from its own directory. */
const programs = {
  agent: ['protocol/agent.proto', 'agent/cri/cri.proto'],
  controller: ['protocol/agent.proto'],
} as const;

async function main(): Promise<void> {
  for (const [program, protos] of Object.entries(programs)) {
    const target = join(root, 'dist', 'operator', program);
    await build({
      entryPoints: [join(root, 'operator', program, 'main.ts')],
      outfile: join(target, 'main.js'),
      bundle: true,
      platform: 'node',
      target: 'node24',
      // Names stay as they are, so that a stack trace in a log can be read.
      minifyWhitespace: true,
      minifySyntax: true,
      // A native module, loaded from node_modules.
      external: ['koffi'],
      legalComments: 'external',
      allowOverwrite: true,
      logLevel: 'error',
    });
    // The source map that tsc wrote describes tsc's output, not the bundle.
    rmSync(join(target, 'main.js.map'), { force: true });
    for (const proto of protos) copyFileSync(join(root, 'operator', proto), join(target, basename(proto)));
  }
}

void main().catch((error: unknown) => {
  process.stderr.write(`bundling: ${errorMessage(error)}\n`);
  process.exitCode = 1;
});
