// The manifests in Git are in sync in every state of the resource: a server-side apply in a dry run, by which Argo CD compares, changes nothing.
// The real controller makes the states on a real API server, and the health check for Argo CD is run in each.
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

/** The flags with which kubectl applies and compares as Argo CD does with the options ServerSideApply and ServerSideDiff. */
const asArgo = ['--server-side', '--field-manager=argocd-controller', '--force-conflicts'];
const script = readFileSync(join(checkout, healthDirectory, 'health.lua'), 'utf8');

let bench: ControllerBench;
let chart: object[];
let one: TestAgent;
let two: TestAgent;

/** The resource in Git, with the annotation by which Argo CD tracks it. */
function inGit(mode: string): object {
  const annotations = { 'argocd.argoproj.io/tracking-id': 'sidecar-acceleration-resource:acceleration.dev/SidecarAcceleration:/default' };
  return {
    apiVersion: 'acceleration.dev/v1alpha1',
    kind: 'SidecarAcceleration',
    metadata: { name: 'default', annotations },
    spec: { mode, selector: { namespaces: { matchLabels: { mesh: 'on' } } } },
  };
}

const list = (items: object[]): object => ({ apiVersion: 'v1', kind: 'List', items });

function sync(...objects: object[]): Promise<string> {
  return bench.kubectl(['apply', ...asArgo, '-f', '-'], list(objects));
}

/**
 * Matches a diff with another resourceVersion. `kubectl diff` reads an object and then applies it in a dry run, which changes no version: so the
 * controller has written to the object in between.
 */
const writtenMeanwhile = /^-  resourceVersion: /m;

/** The output of `kubectl diff` for the objects; empty when they are in sync. */
function outOfSync(...objects: object[]): Promise<string> {
  return waitFor('a comparison that no write fell into', async () => {
    const { code, stdout, stderr } = await bench.server.kubectl(['diff', ...asArgo, '-f', '-'], JSON.stringify(list(objects)));
    if (code > 1) throw new Error(`kubectl diff: ${stderr.trim()}`);
    return writtenMeanwhile.test(stdout) ? undefined : stdout;
  });
}

/** Waits until the health check gives this status and message, and checks that the resource in Git is in sync then. */
async function isHealthyAs(status: string, message: RegExp, mode: string): Promise<void> {
  let last: Health | undefined;
  await waitFor(`health ${status}`, async () => {
    last = await healthOf(script, await bench.get('sca', 'default'));
    return last.status === status && message.test(last.message);
  }).catch((error: unknown) => {
    throw new Error(`${String(error)}; the last health was ${JSON.stringify(last)}`);
  });
  expect(await outOfSync(inGit(mode), ...chart)).toBe('');
}

beforeAll(async () => {
  bench = await ControllerBench.start();
  chart = await (await chartRenderer(namespace))({}, ['--no-hooks']);
  await sync(...chart);
}, 300_000);

afterAll(() => bench?.stop());

// One resource from its creation to its deletion; each test needs the state that the test before it left.
describe('the manifests in Git are in sync while the resource is', () => {
  it('new, and no controller runs', async () => {
    await bench.controller.stop();
    await sync(inGit('Accelerate'));
    await isHealthyAs('Progressing', /no controller has reconciled the resource yet/, 'Accelerate');
  });

  it('starting', async () => {
    await bench.controller.start();
    await isHealthyAs('Progressing', /agents are being rolled out/, 'Accelerate');
  });

  it('applied on one of its two nodes', async () => {
    await bench.create(agentPod('agent-1', 'node1'), agentPod('agent-2', 'node2'));
    await bench.daemonSetOf(2);
    one = await bench.obedient(await bench.podToken('agent-1'));
    await isHealthyAs('Progressing', /node/, 'Accelerate');
  });

  it('in force', async () => {
    two = await bench.obedient(await bench.podToken('agent-2'));
    await isHealthyAs('Healthy', /^2 of 2 nodes ready$/, 'Accelerate');
  });

  it('degraded by a node that cannot accelerate', async () => {
    two.report({
      ...emptyReport,
      problems: [{ reason: 'NoBtf', message: 'no /sys/kernel/btf/vmlinux; use a kernel built with CONFIG_DEBUG_INFO_BTF=y' }],
    });
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
    await isHealthyAs('Progressing', /clean: drained, detached and unpinned|remove the datapath/, 'Observe');
  });
});

it('Argo CD’s CRD accepts the sample Applications', async () => {
  await bench.kubectl(['apply', '--server-side', '-f', await provideModuleFile(applicationCrd)]);
  await established(bench.server, 'applications.argoproj.io');
  await bench.kubectl(['create', 'namespace', 'argocd']);
  expect(await bench.kubectl(['apply', '--validate=strict', '-f', join(checkout, 'deploy', 'argocd', 'applications.yaml')])).toMatch(
    /sidecar-acceleration created\n.*sidecar-acceleration-resource created/,
  );
});
