// The console's switches in a real Chromium, on a real mesh: what they do to the traffic that runs meanwhile.
import type { Browser, Page } from 'playwright-core';
import type { Cluster } from '../../../stand/cluster/cluster';
import { selectedNamespace } from '../../../stand/mesh/demoMesh';
import { allEnds } from '../../../stand/mesh/hops';
import { load, type LoadResult } from '../../../stand/mesh/load';
import { acceleratedMesh, bringUpMs } from '../../../stand/product/acceleratedMesh';
import { readResource } from '../../../stand/product/acceleration';
import { joinedOn } from '../../../stand/product/agents';
import { complaintsOf, type RunningConsole, startBrowser, startConsole } from '../../../stand/api/console';
import { during } from '../../../stand/support/rounds';
import { bytesWhenQuiet, shows } from '../../../stand/product/shown';
import type { TestMesh } from '../../../stand/product/testMesh';
import { warmUp } from '../../../stand/product/warmUp';
import { modeLabel, type NamespaceStatus } from '../../../../operator/api';

const connections = 16;
const open = allEnds(connections);
const accelerated: Partial<NamespaceStatus> = { state: 'Accelerated', connections: { open, accelerated: open }, reasons: [] };

let cluster: Cluster;
let mesh: TestMesh;
let shown: RunningConsole | undefined;
let browser: Browser | undefined;
let page: Page;
let complaints: string[];

beforeAll(async () => {
  ({ cluster, mesh } = await acceleratedMesh());
  await warmUp(cluster, [{ client: mesh.client, server: mesh.server, protocol: 'tcp', connections }]);
  shown = await startConsole(cluster.kubeconfig);
  browser = await startBrowser();
  page = await browser.newPage();
  complaints = complaintsOf(page);
  await page.goto(shown.url);
  await page.getByText('Accelerate is in force').waitFor();
}, bringUpMs);

afterAll(async () => {
  await browser?.close();
  await shown?.stop();
  await cluster.kubectl(['label', 'namespace', selectedNamespace, `${modeLabel}-`]);
});

/** Of a round of load, whose connections are open as long: enough to see them accelerated, even beside other tests. */
const roundSeconds = 12;
/** And to switch them and see that, too: what is opened while the mode is Off is nobody's to count. */
const switchedSeconds = 30;

/** Load for as long as `act` takes, of which no request may fail; it begins when no connection is open any more. */
async function underLoad(act: () => Promise<unknown>, seconds = roundSeconds): Promise<void> {
  await bytesWhenQuiet(cluster, selectedNamespace);
  const round = (): Promise<LoadResult> => load(cluster, { client: mesh.client, server: mesh.server, protocol: 'tcp', seconds, connections });
  const results = await during(round, async () => void (await act()));
  expect(results.map(({ errors }) => errors)).toEqual(results.map(() => 0));
}

async function click(...names: readonly string[]): Promise<void> {
  for (const name of names) await page.getByRole('button', { name, exact: true }).click();
}

test('Off takes running connections off the fast path, and Accelerate brings them back', async () => {
  await underLoad(async () => {
    await shows(cluster, selectedNamespace, accelerated);
    await click('Off', 'Set Off');
    await shows(cluster, selectedNamespace, { state: 'NotAccelerated', connections: { open, accelerated: 0 }, reasons: [{ reason: 'SwitchedOff', connections: open }] });
    await page.getByText('Off is in force').waitFor();
  }, switchedSeconds);
  expect((await readResource(cluster)).spec.mode).toBe('Off');
  expect(await joinedOn(cluster, 'node1')).toEqual([]);
  await click('Accelerate', 'Set Accelerate');
  await page.getByText('Accelerate is in force').waitFor();
  await underLoad(() => shows(cluster, selectedNamespace, accelerated));
});

test('a namespace that is kept out leaves the status and the map, and takes part again', async () => {
  await underLoad(async () => {
    await shows(cluster, selectedNamespace, accelerated);
    await click(`Keep ${selectedNamespace} out`, 'Keep it out');
    await page.getByRole('button', { name: `Let ${selectedNamespace} take part` }).waitFor();
  });
  const label = await cluster.kubectl(['get', 'namespace', selectedNamespace, '-o', `jsonpath={.metadata.labels.${modeLabel.replaceAll('.', '\\.')}}`]);
  expect(label).toBe('off');
  expect(await joinedOn(cluster, 'node1')).toEqual([]);
  await click(`Let ${selectedNamespace} take part`, 'Remove the label');
  await page.getByRole('button', { name: `Keep ${selectedNamespace} out` }).waitFor();
  await underLoad(() => shows(cluster, selectedNamespace, accelerated));
  expect(complaints).toEqual([]);
});
