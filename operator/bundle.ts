// Build step: makes one file of everything the controller runs, and one of the agent. A long-running process then holds only the
// code it can reach: Kubernetes' client alone is 60 MB of models otherwise, in the memory of a process that uses one class of it.
import { copyFileSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { build } from 'esbuild';

const root = join(__dirname, '..');

/** Folder of operator/ → the .proto files that its code loads from beside itself. */
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
      // A binary of its own, found in node_modules.
      external: ['koffi'],
      legalComments: 'external',
      allowOverwrite: true,
      logLevel: 'error',
    });
    // The compiler's map is of what it wrote itself.
    rmSync(join(target, 'main.js.map'), { force: true });
    for (const proto of protos) copyFileSync(join(root, 'operator', proto), join(target, basename(proto)));
  }
}

void main().catch((error: unknown) => {
  process.stderr.write(`bundling: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});
