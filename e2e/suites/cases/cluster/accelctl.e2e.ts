// accelctl on a real cluster with real traffic: live data, and bench. Takes minutes: make test-accelctl.
import { readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connectionList } from '../../../../operator/api';
import { benchResult } from '../../../../operator/cli/bench/result';
import type { Cluster } from '../../../stand/cluster/cluster';
import { selectedNamespace } from '../../../stand/mesh/demoMesh';
import { allEnds } from '../../../stand/mesh/hops';
import { load } from '../../../stand/mesh/load';
import { tcpPort } from '../../../stand/mesh/pods';
import { accelctlOn, startAccelctl } from '../../../stand/api/accelctl';
import { acceleratedMesh, bringUpMs } from '../../../stand/product/acceleratedMesh';
import { productNamespace } from '../../../stand/product/acceleration';
import { bytesWhenQuiet } from '../../../stand/product/shown';
import type { TestMesh } from '../../../stand/product/testMesh';
import { waitFor } from '../../../stand/support/waitFor';
import { warmUp } from '../../../stand/product/warmUp';
import type { CommandResult } from '../../../../release/tools/command';
import { meshImage } from '../../../stand/mesh/meshImage';
import { checkout } from '../../../../release/tools/paths';

const file = join(tmpdir(), `accelctl-${process.pid}.json`);
const words = ['bench', '--image', meshImage, '--rounds', '2', '--seconds', '3', '--connections', '8', '--file', file];

const connections = 16;

let cluster: Cluster;
let mesh: TestMesh;

beforeAll(async () => {
  ({ cluster, mesh } = await acceleratedMesh());
  // The command that accelctl names when there is no live data.
  await cluster.helm([
    'upgrade',
    'sidecar-acceleration',
    join(checkout, 'charts', 'sidecar-acceleration'),
    '-n',
    productNamespace,
    '--reuse-values',
    '--set',
    'liveData.enabled=true',
    '--wait',
    '--timeout=120s',
  ]);
}, bringUpMs);

afterAll(() => rmSync(file, { force: true }));

const benches = (): Promise<string> => cluster.kubectl(['get', 'namespaces', '-l', 'acceleration.dev/bench', '-o', 'name']);

test('accelctl lists the connections, shows how much they send, and prints the events of their life', async () => {
  const accelctl = (...words: string[]): Promise<CommandResult> => accelctlOn(cluster.kubeconfig, words);
  await cluster.kubectl(['wait', '--for=condition=Available', 'apiservice/v1alpha1.live.acceleration.dev', '--timeout=60s']);
  const plan = { client: mesh.client, server: mesh.server, protocol: 'tcp' } as const;
  await warmUp(cluster, [{ ...plan, connections }]);
  await bytesWhenQuiet(cluster, selectedNamespace);
  const tapping = startAccelctl(cluster.kubeconfig, ['tap', `${selectedNamespace}/server`, '-o', 'json']);
  await waitFor('tap to listen', () => tapping.said().includes('listening'));
  const loading = load(cluster, { ...plan, connections, seconds: 25 });
  await waitFor('every connection to be listed as accelerated', async () => {
    const { items, silentNodes } = connectionList.parse(
      JSON.parse((await accelctl('connections', selectedNamespace, '--limit', '500', '-o', 'json')).stdout),
    );
    const joined = items.filter(({ state }) => state === 'Accelerated');
    expect([silentNodes, joined.length]).toEqual([[], allEnds(connections)]);
    const wanted = `${mesh.server.ipv4}:${tcpPort}`;
    const asked = joined.filter(({ pod, role, original }) => pod === 'client' && role === 'Connecting' && original === wanted);
    // The application's connections, which the mesh's rules redirect to its sidecar, and those of the sidecar to the server.
    expect(new Set(asked.map(({ path }) => path))).toEqual(new Set(['PodLocal', 'NodeLocal']));
    return true;
  });
  const [busiest] = JSON.parse((await accelctl('top', selectedNamespace, '-o', 'json')).stdout) as {
    pod: string;
    fastPerSecond: number;
    tcpPerSecond: number;
  }[];
  expect(['client', 'server']).toContain(busiest?.pod);
  expect(busiest?.fastPerSecond).toBeGreaterThan(10 * (busiest?.tcpPerSecond ?? 0));
  expect((await loading).errors).toBe(0);
  // tap prints Opened only for connections that open after it began, so open some now.
  await bytesWhenQuiet(cluster, selectedNamespace);
  expect((await load(cluster, { ...plan, connections: 4, seconds: 4 })).errors).toBe(0);
  await bytesWhenQuiet(cluster, selectedNamespace);
  tapping.kill('SIGINT');
  const { code, stdout } = await tapping.ended;
  const kinds = stdout
    .trim()
    .split('\n')
    .map((line) => (JSON.parse(line) as { event: string }).event);
  expect([code, new Set(kinds)]).toEqual([0, new Set(['Opened', 'Paired', 'Closed'])]);
}, 300_000);

test('accelctl bench compares off and on in a namespace of its own, which it removes afterwards', async () => {
  const { code, stdout, stderr } = await accelctlOn(cluster.kubeconfig, [...words, '-o', 'json'], {}, 300_000);
  expect([code, code === 0 ? '' : stderr]).toEqual([0, '']);
  const { runs, fastShare, node } = benchResult.parse(JSON.parse(stdout));
  const kinds = runs.map(({ protocol, mode }) => `${protocol} ${mode}`).sort();
  expect(kinds).toEqual(['http Accelerate', 'http Accelerate', 'http Off', 'http Off', 'tcp Accelerate', 'tcp Accelerate', 'tcp Off', 'tcp Off']);
  expect(runs.filter(({ errors, requests }) => errors > 0 || requests < 100)).toEqual([]);
  expect(fastShare).toBeGreaterThan(0.5);
  expect(cluster.nodes.map(({ name }) => name)).toContain(node.name);
  expect(benchResult.parse(JSON.parse(readFileSync(file, 'utf8'))).runs).toEqual(runs);
  expect(await benches()).toBe('');
}, 400_000);

test('accelctl bench removes its namespace when it is interrupted', async () => {
  const interrupted = startAccelctl(cluster.kubeconfig, words);
  await waitFor('the namespace of the bench', async () => (await benches()) !== '');
  interrupted.kill('SIGINT');
  expect(await interrupted.ended).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/accelctl: the bench was interrupted, so there is no result\n$/) as string,
  });
  expect(await benches()).toBe('');
}, 240_000);
