// Command line: `run` sets up the demo, runs it and takes it down; `up` only sets up and leaves the cluster running; `down` takes that down.
import { join } from 'node:path';
import { errorMessage } from '../../../operator/base';
import { statusTable } from '../../../operator/cli/statusTable';
import { abandonedRuns, takeDownOnSignal } from '../../stand/cluster/abandoned';
import { takeDown } from '../../stand/cluster/down';
import { knownRuns } from '../../stand/cluster/state';
import { exampleResource } from '../../stand/product/acceleration';
import { checkout } from '../../../release/tools/paths';
import { Progress } from '../../../release/tools/progress';
import { bringUpDemo } from './environment';
import { writeReport, type Switching } from './report';
import { runDemo } from './run';
import { comparisonTable } from './table';
import { beforeLines, brokenPromises } from './verdict';

const progress = new Progress();
const lasting = 'sca-demo';

async function run(): Promise<void> {
  const runId = `${lasting}-${process.pid}`;
  takeDownOnSignal(runId);
  const cluster = await bringUpDemo(runId, progress);
  try {
    const result = await runDemo(cluster, progress);
    process.stdout.write(`\n${statusTable(result.resource, new Date())}\n\n${comparisonTable(result.runs)}\n${beforeLines(result.runs)}\n`);
    process.stdout.write(`${switchingLine(result.switching)}\nreport: ${await writeReport(result)}\n`);
    const broken = brokenPromises(result);
    for (const promise of broken) process.stderr.write(`the demo failed: ${promise}\n`);
    if (broken.length > 0) process.exitCode = 1;
  } finally {
    await progress.step('taking everything down', () => cluster.down());
  }
}

async function up(): Promise<void> {
  const cluster = await bringUpDemo(lasting, progress);
  const tools = [cluster.tools.path('kubectl'), cluster.tools.path('helm')].map((path) => path.slice(0, path.lastIndexOf('/')));
  process.stdout.write(`
export KUBECONFIG=${cluster.kubeconfig}
export PATH=${[...new Set(tools), join(checkout, 'operator', 'cli')].join(':')}:$PATH

kubectl get pods -A
kubectl apply -f ${exampleResource}
accelctl status
kubectl exec -n shop client -c app -- fortio load -quiet -c 64 -qps 0 -t 5s -payload-size 1024 \\
  tcp://$(kubectl get pod -n shop server -o jsonpath={.status.podIP}):8078
make demo-down
`);
}

async function down(): Promise<void> {
  const runs = [...knownRuns().filter((runId) => runId === lasting), ...abandonedRuns(lasting)];
  for (const runId of runs) await progress.step(`taking down ${runId}`, () => takeDown(runId));
  if (runs.length === 0) process.stdout.write('nothing is up\n');
}

function switchingLine({ switches, requests, errors }: Switching): string {
  return `switched off and on ${switches} times under load: ${requests} requests, ${errors} errors`;
}

async function main([command]: readonly string[]): Promise<void> {
  const commands: Readonly<Record<string, () => Promise<void>>> = { run, up, down };
  const chosen = commands[command ?? ''];
  if (chosen === undefined) throw new Error(`reading the command ${command ?? '(none)'}: expected run, up or down`);
  await chosen();
}

main(process.argv.slice(2)).catch((error: unknown) => {
  process.stderr.write(`${errorMessage(error)}\n`);
  process.exitCode = 1;
});
