// The demo: measures before the resource exists, applies it, measures with acceleration on and off in turns, and switches under load.
import type { SidecarAcceleration } from '../../../operator/api';
import type { Cluster } from '../../stand/cluster/cluster';
import { load, type LoadResult } from '../../stand/mesh/load';
import { reachable } from '../../stand/mesh/mesh';
import { applyExample, readResource, switchMode } from '../../stand/product/acceleration';
import { warmUp, type WarmUpPlan } from '../../stand/product/warmUp';
import type { Progress } from '../../../release/tools/progress';
import { addressOf, lookUpAddresses, measure, type Addresses, type MeasuredRun, type RunMode } from './measure';
import type { DemoResult, Switching } from './report';
import { scenarios, type Scenario } from './scenarios';
import { selectedNamespace } from '../../stand/mesh/demoMesh';

/** Runs the demo on a cluster that is up. */
export async function runDemo(cluster: Cluster, progress: Progress): Promise<DemoResult> {
  const addresses = await lookUpAddresses(cluster, scenarios);
  for (const { namespace, server } of scenarios) {
    await reachable(cluster, addressOf(addresses, namespace, 'client'), addressOf(addresses, namespace, server));
  }
  const runs: MeasuredRun[] = [];
  const take = async (scenario: Scenario, mode: RunMode, round: number): Promise<void> => {
    const name = `${mode.padEnd(10)} ${scenario.protocol.padEnd(4)} ${scenario.title}`;
    runs.push(await progress.step(name, () => measure(cluster, addresses, scenario, mode, round), describe));
  };
  for (const scenario of scenarios) await take(scenario, 'Before', 0);
  await progress.step(`kubectl apply -f docs/examples/default.yaml, until Ready`, () => applyExample(cluster));
  await progress.step('destinations learnt', () => warmUp(cluster, destinations(addresses)));
  const resource = await progress.step('status under load', () => underLoad(cluster, addresses), accelerated);
  for (let round = 1; scenariosOf(round).length > 0; round += 1) {
    for (const mode of modesOf(round)) {
      await progress.step(`mode ${mode}`, () => switchMode(cluster, mode));
      for (const scenario of scenariosOf(round)) await take(scenario, mode, round);
    }
  }
  const switching = await progress.step(
    'off and on again under load',
    () => switchUnderLoad(cluster, addresses),
    ({ switches, errors }) => `${switches} switches, ${errors} errors`,
  );
  return { runs, resource, switching };
}

function scenariosOf(round: number): readonly Scenario[] {
  return scenarios.filter((scenario) => scenario.rounds >= round);
}

/** The order of the two modes changes from round to round, so that neither profits from being first. */
function modesOf(round: number): readonly ('Accelerate' | 'Off')[] {
  return round % 2 === 1 ? ['Accelerate', 'Off'] : ['Off', 'Accelerate'];
}

/** Reads the resource again and again while connections of all kinds are open; returns the version that shows most open connections. */
async function underLoad(cluster: Cluster, addresses: Addresses): Promise<SidecarAcceleration> {
  let best = await readResource(cluster);
  await during(loadAllKinds(cluster, addresses, 6), async () => {
    const seen = await readResource(cluster);
    if ((seen.status?.connections?.open ?? 0) >= (best.status?.connections?.open ?? 0)) best = seen;
  });
  return best;
}

/** Switches the mode Off and back while requests are under way, for as long as the load lasts. */
async function switchUnderLoad(cluster: Cluster, addresses: Addresses): Promise<Switching> {
  let switches = 0;
  const results = await during(loadAllKinds(cluster, addresses, 8), async () => {
    await switchMode(cluster, switches % 2 === 0 ? 'Off' : 'Accelerate');
    switches += 1;
  });
  return {
    requests: results.reduce((sum, each) => sum + each.requests, 0),
    errors: results.reduce((sum, each) => sum + each.errors, 0),
    switches,
  };
}

/** Repeats `act` until `work` is done. */
async function during<T>(work: Promise<T>, act: () => Promise<void>): Promise<T> {
  let done = false;
  const ended = work.finally(() => (done = true));
  while (!done) await act();
  return ended;
}

const protocols = ['tcp', 'http'] as const;
const families = ['ipv4', 'ipv6'] as const;

/** Load of both protocols over both IP families, from the client to the server on the same node. */
function allKinds(addresses: Addresses): WarmUpPlan[] {
  const client = addressOf(addresses, selectedNamespace, 'client');
  const server = addressOf(addresses, selectedNamespace, 'server');
  return protocols.flatMap((protocol) => families.map((family) => ({ client, server, protocol, family, connections: 16 })));
}

/** Warms up every destination that is measured later: the datapath learns a destination by its address and port. */
function destinations(addresses: Addresses): WarmUpPlan[] {
  const client = addressOf(addresses, selectedNamespace, 'client');
  const far = addressOf(addresses, selectedNamespace, 'far');
  return [...allKinds(addresses), ...protocols.map((protocol) => ({ client, server: far, protocol, connections: 16 }))];
}

function loadAllKinds(cluster: Cluster, addresses: Addresses, seconds: number): Promise<LoadResult[]> {
  return Promise.all(allKinds(addresses).map((kind) => load(cluster, { ...kind, seconds })));
}

function accelerated({ status }: SidecarAcceleration): string {
  return `${status?.connections?.accelerated ?? 0} of ${status?.connections?.open ?? 0} connections accelerated`;
}

function describe({ qps, avgMs, kernelCpuUsPerRequest, errors }: MeasuredRun): string {
  const failures = errors === 0 ? '' : `, ${errors} errors`;
  return `${qps.toFixed(0)} QPS, ${avgMs.toFixed(2)} ms, kernel ${kernelCpuUsPerRequest.toFixed(0)} µs a request${failures}`;
}
