// The console's switches in a real Chromium on a real mesh, with traffic: they take effect and no request fails.
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

/** The length of a round of load, during which its connections stay open: long enough to see them accelerated, even beside other tests. */
const roundSeconds = 12;
/** The length of a round in which the mode is switched to Off and back. The same connections stay open, as new ones in mode Off would not count. */
const switchedSeconds = 30;

/** Loads the mesh while `act` runs, and checks that no request fails. Begins when no connection of earlier load is open. */
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
    await shows(cluster, selectedNamespace, {
      state: 'NotAccelerated',
      connections: { open, accelerated: 0 },
      reasons: [{ reason: 'SwitchedOff', connections: open }],
    });
    await page.getByText('Off is in force').waitFor();
  }, switchedSeconds);
  expect((await readResource(cluster)).spec.mode).toBe('Off');
  expect(await joinedOn(cluster, 'node1')).toEqual([]);
  await click('Accelerate', 'Set Accelerate');
  await page.getByText('Accelerate is in force').waitFor();
  await underLoad(() => shows(cluster, selectedNamespace, accelerated));
});

test('a namespace that is kept out leaves the status and the map of sockets, and comes back when it is let in', async () => {
  await underLoad(async () => {
    await shows(cluster, selectedNamespace, accelerated);
    await click(`Keep ${selectedNamespace} out`, 'Keep it out');
    await page.getByRole('button', { name: `Let ${selectedNamespace} take part` }).waitFor();
  });
  const label = await cluster.kubectl([
    'get',
    'namespace',
    selectedNamespace,
    '-o',
    `jsonpath={.metadata.labels.${modeLabel.replaceAll('.', '\\.')}}`,
  ]);
  expect(label).toBe('off');
  expect(await joinedOn(cluster, 'node1')).toEqual([]);
  await click(`Let ${selectedNamespace} take part`, 'Remove the label');
  await page.getByRole('button', { name: `Keep ${selectedNamespace} out` }).waitFor();
  await underLoad(() => shows(cluster, selectedNamespace, accelerated));
  expect(complaints).toEqual([]);
});
