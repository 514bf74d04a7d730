// Requests through two real Envoys on a real cluster, by fortio, with the mode switched between runs.
import type { Cluster } from '../../../stand/cluster/cluster';
import { takeDown } from '../../../stand/cluster/down';
import { bringUpDemo } from '../../demo/environment';
import { addressOf, lookUpAddresses, measure, type Addresses } from '../../demo/measure';
import type { Scenario } from '../../demo/scenarios';
import { selectedNamespace } from '../../../stand/mesh/demoMesh';
import { defaultConnections, load, type Protocol } from '../../../stand/mesh/load';
import { reachable } from '../../../stand/mesh/mesh';
import { applyExample, switchMode } from '../../../stand/product/acceleration';
import { warmUp } from '../../../stand/product/warmUp';
import { Progress } from '../../../../release/tools/progress';
import { sliceOf, type Case, type Experiment, type Pace, type Side, type Stage, type Values } from '../experiment';

interface ChainCase extends Case {
  readonly protocol: Protocol;
}

const titles: Readonly<Record<Protocol, string>> = { tcp: 'TCP', http: 'HTTP/1.1', http2: 'HTTP/2' };
const protocols = ['tcp', 'http', 'http2'] as const;

/** Scans are a second apart, and it takes several of them to adopt a connection. */
const http2WarmUpSeconds = 6;

/** Whether a case is of TCP, by its name. */
export const isTcpChain = (name: string): boolean => name.startsWith(titles.tcp);

const cases: readonly ChainCase[] = protocols.map((protocol) => ({
  name: `${titles[protocol]}, ${defaultConnections} connections`,
  x: titles[protocol],
  series: 'through two sidecars',
  seconds: 3,
  slow: true,
  protocol,
}));

const modes = { accelerated: 'Accelerate', tcp: 'Off' } as const;

class ChainStage implements Stage<ChainCase> {
  constructor(
    private readonly cluster: Cluster,
    private readonly addresses: Addresses,
    private readonly pace: Pace,
  ) {}

  async enter(side: Side): Promise<void> {
    await switchMode(this.cluster, modeOf(side));
  }

  async run(it: ChainCase, side: Side, round: number): Promise<Values> {
    const { qps, avgMs, p99Ms, kernelCpuUsPerRequest, errors } = await measure(
      this.cluster,
      this.addresses,
      scenarioOf(it, this.pace),
      modeOf(side),
      round,
    );
    return { requestsPerSecond: qps, avgMs, p99Ms, kernelUs: kernelCpuUsPerRequest, errors };
  }

  close(): Promise<void> {
    return this.cluster.down();
  }
}

function modeOf(side: Side): 'Accelerate' | 'Off' {
  if (side !== 'accelerated' && side !== 'tcp') throw new Error(`measuring chains: there is no side ${side}`);
  return modes[side];
}

function scenarioOf(it: ChainCase, pace: Pace): Scenario {
  return { title: it.name, namespace: selectedNamespace, server: 'server', protocol: it.protocol, seconds: Math.ceil(sliceOf(it, pace)), rounds: 1 };
}

async function open(pace: Pace, interrupted: AbortSignal): Promise<ChainStage> {
  const runId = `sca-bench-${process.pid}`;
  const progress = new Progress();
  // When the run is interrupted, the machines are taken down, and bringing up the cluster fails soon after.
  const giveUp = (): void => void takeDown(runId).catch(() => undefined);
  interrupted.addEventListener('abort', giveUp);
  try {
    const cluster = await bringUpDemo(runId, progress);
    return new ChainStage(cluster, await learnt(cluster, pace, progress), pace);
  } catch (error) {
    await takeDown(runId);
    throw error;
  } finally {
    interrupted.removeEventListener('abort', giveUp);
  }
}

/** Applies the example resource, and loads the mesh until the datapath has learnt that connections to its destinations take turns. */
async function learnt(cluster: Cluster, pace: Pace, progress: Progress): Promise<Addresses> {
  const addresses = await lookUpAddresses(
    cluster,
    cases.map((it) => scenarioOf(it, pace)),
  );
  const client = addressOf(addresses, selectedNamespace, 'client');
  const server = addressOf(addresses, selectedNamespace, 'server');
  await reachable(cluster, client, server);
  await progress.step('kubectl apply -f docs/examples/default.yaml', () => applyExample(cluster));
  await progress.step('destinations learnt', async () => {
    await warmUp(cluster, [
      { client, server, protocol: 'tcp' },
      { client, server, protocol: 'http' },
    ]);
    // HTTP/2 has one connection between the sidecars. It may stay on TCP while data goes one way, so there is no state to wait for.
    await load(cluster, { client, server, protocol: 'http2', seconds: http2WarmUpSeconds });
  });
  return addresses;
}

export const chains: Experiment<ChainCase> = {
  name: 'chains',
  method: `fortio, its sidecar, the server’s sidecar, fortio’s server on one node of a real cluster: Envoy with one worker each behind Istio’s rules, ${defaultConnections} connections, 1 KiB, mode Off against mode Accelerate. All connections of a run are new; their destinations are known from before. Nothing is bound to a CPU. HTTP/2 is spoken on all three hops; one connection between the sidecars then carries every request.`,
  sides: ['accelerated', 'tcp'],
  cases,
  axis: { title: 'protocol', ordered: false },
  rounds: 11,
  switched: true,
  open,
};
