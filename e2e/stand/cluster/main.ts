// Command line: `up RUN` starts a bare cluster of two nodes, `down RUN...` ends runs, `list` names those that are up.
import { errorMessage } from '../../../operator/base';
import { installTools } from '../tools/install';
import { providePauseImage } from './pause';
import { Progress } from '../../../release/tools/progress';
import { takeDown } from './down';
import { knownRuns } from './state';
import { bringUp } from './up';

const progress = new Progress();

async function main([command, ...runIds]: readonly string[]): Promise<void> {
  const [runId] = runIds;
  if (command === 'list')
    process.stdout.write(
      knownRuns()
        .map((each) => `${each}\n`)
        .join(''),
    );
  else if (command === 'up' && runId !== undefined) await up(runId);
  // Takes down only the named runs: another run may still be in use.
  else if (command === 'down' && runId !== undefined) await down(runIds);
  else throw new Error(`reading the command ${command ?? '(none)'}: expected "up RUN", "down RUN..." or "list"`);
}

async function up(runId: string): Promise<void> {
  const tools = await installTools(progress, ['kubernetes', 'containerd', 'helm']);
  const pauseArchive = await progress.step('sandbox image', providePauseImage);
  const cluster = await bringUp({ runId, nodes: 2, pauseArchive, imageArchives: [] }, tools, progress);
  process.stdout.write(`export KUBECONFIG=${cluster.kubeconfig}\n`);
}

async function down(runIds: readonly string[]): Promise<void> {
  for (const runId of runIds) await progress.step(`taking down ${runId}`, () => takeDown(runId));
}

main(process.argv.slice(2)).catch((error: unknown) => {
  process.stderr.write(`${errorMessage(error)}\n`);
  process.exitCode = 1;
});
