// What Git holds is in sync in every state of the resource: a server-side dry-run apply, which is how Argo CD compares, changes nothing.
// The real controller writes the states on a real API server; Argo CD's health check is asked about each.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { chartRenderer } from '../../../release/gitops/chart';
import { healthDirectory } from '../../../release/gitops/argocdSettings';
import { ControllerBench } from '../../stand/api/controllerBench';
import { namespace } from '../../stand/api/controllerProcess';
import { established } from '../../stand/api/established';
import { healthOf, type Health } from '../../stand/support/lua';
import { agentPod, emptyReport, type TestAgent } from '../../stand/api/testAgent';
import { waitFor } from '../../stand/support/waitFor';
import { applicationCrd, provideModuleFile } from '../../stand/tools/moduleFile';
import { checkout } from '../../../release/tools/paths';

/** As Argo CD applies and compares with the sync option ServerSideApply and the compare option ServerSideDiff. */
const asArgo = ['--server-side', '--field-manager=argocd-controller', '--force-conflicts'];
const script = readFileSync(join(checkout, healthDirectory, 'health.lua'), 'utf8');

let bench: ControllerBench;
let chart: object[];
let one: TestAgent;
let two: TestAgent;

/** The resource as Git holds it; with an annotation by which Argo CD tracks it. */
function inGit(mode: string): object {
  const annotations = { 'argocd.argoproj.io/tracking-id': 'sidecar-acceleration-resource:acceleration.dev/SidecarAcceleration:/default' };
  return { apiVersion: 'acceleration.dev/v1alpha1', kind: 'SidecarAcceleration', metadata: { name: 'default', annotations }, spec: { mode, selector: { namespaces: { matchLabels: { mesh: 'on' } } } } };
}

const list = (items: object[]): object => ({ apiVersion: 'v1', kind: 'List', items });

function sync(...objects: object[]): Promise<string> {
  return bench.kubectl(['apply', ...asArgo, '-f', '-'], list(objects));
}

/** `kubectl diff` reads an object, then has it applied in a dry run, which changes no version: the controller wrote to it in between. */
const writtenMeanwhile = /^-  resourceVersion: /m;

/** What applying the objects would change, as `kubectl diff` says it; empty when in sync. */
function outOfSync(...objects: object[]): Promise<string> {
  return waitFor('a comparison that no write fell into', async () => {
    const { code, stdout, stderr } = await bench.server.kubectl(['diff', ...asArgo, '-f', '-'], JSON.stringify(list(objects)));
    if (code > 1) throw new Error(`kubectl diff: ${stderr.trim()}`);
    return writtenMeanwhile.test(stdout) ? undefined : stdout;
  });
}

/** Waits until the health check says so, and compares with Git while it does. */
async function isHealthyAs(status: string, message: RegExp, mode: string): Promise<void> {
  let last: Health | undefined;
  await waitFor(`health ${status}`, async () => {
    last = await healthOf(script, await bench.get('sca', 'default'));
    return last.status === status && message.test(last.message);
  }).catch((error: unknown) => {
    throw new Error(`${String(error)}; it is ${JSON.stringify(last)}`);
  });
  expect(await outOfSync(inGit(mode), ...chart)).toBe('');
}

beforeAll(async () => {
  bench = await ControllerBench.start();
  chart = await (await chartRenderer(namespace))({}, ['--no-hooks']);
  await sync(...chart);
}, 300_000);

afterAll(() => bench?.stop());

// One resource from its first moment to its last; each state follows from the one before.
describe('what Git holds is in sync while the resource is', () => {
  it('new, and no controller there', async () => {
    await bench.controller.stop();
    await sync(inGit('Accelerate'));
    await isHealthyAs('Progressing', /no controller has looked at it yet/, 'Accelerate');
  });

  it('starting', async () => {
    await bench.controller.start();
    await isHealthyAs('Progressing', /agents are being rolled out/, 'Accelerate');
  });

  it('followed by one of its two nodes', async () => {
    await bench.create(agentPod('agent-1', 'node1'), agentPod('agent-2', 'node2'));
    await bench.daemonSetOf(2);
    one = await bench.obedient(await bench.podToken('agent-1'));
    await isHealthyAs('Progressing', /node/, 'Accelerate');
  });

  it('in force', async () => {
    two = await bench.obedient(await bench.podToken('agent-2'));
    await isHealthyAs('Healthy', /^2 of 2 nodes ready$/, 'Accelerate');
  });

  it('degraded by a node that cannot', async () => {
    two.report({ ...emptyReport, problems: [{ reason: 'NoBtf', message: 'no /sys/kernel/btf/vmlinux; use a kernel built with CONFIG_DEBUG_INFO_BTF=y' }] });
    await isHealthyAs('Degraded', /CONFIG_DEBUG_INFO_BTF/, 'Accelerate');
    two.report({ ...emptyReport, appliedOrder: two.order?.revision ?? 0 });
    await isHealthyAs('Healthy', /ready/, 'Accelerate');
  });

  it.each([
    ['observing', 'Observe', 'Healthy', /^only observing/],
    ['switched off', 'Off', 'Suspended', /^switched off/],
    ['accelerating again', 'Accelerate', 'Healthy', /^2 of 2/],
  ])('%s', async (_what, mode, status, message) => {
    expect(await outOfSync(inGit(mode))).toContain(`mode: ${mode === 'Off' ? '"Off"' : mode}`);
    await sync(inGit(mode));
    await isHealthyAs(status, message, mode);
  });

  it('of a generation that the controller has not seen', async () => {
    await bench.controller.stop();
    await sync(inGit('Observe'));
    await isHealthyAs('Progressing', /has not seen the last change yet/, 'Observe');
    await bench.controller.start();
    await isHealthyAs('Healthy', /^only observing/, 'Observe');
  });

  it('being deleted and not drained yet', async () => {
    await one.close();
    await bench.kubectl(['delete', 'sca', 'default', '--wait=false']);
    await isHealthyAs('Progressing', /clean: drained, detached and unpinned|give back what they hold/, 'Observe');
  });
});

it('the sample Applications are what Argo CD accepts', async () => {
  await bench.kubectl(['apply', '--server-side', '-f', await provideModuleFile(applicationCrd)]);
  await established(bench.server, 'applications.argoproj.io');
  await bench.kubectl(['create', 'namespace', 'argocd']);
  expect(await bench.kubectl(['apply', '--validate=strict', '-f', join(checkout, 'deploy', 'argocd', 'applications.yaml')])).toMatch(/sidecar-acceleration created\n.*sidecar-acceleration-resource created/);
});
