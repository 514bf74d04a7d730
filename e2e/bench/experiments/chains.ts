// Requests through two real Envoys on a real cluster, by fortio, with the mode switched between runs.
import type { Cluster } from '../../cluster/cluster';
import { bringUpDemo } from '../../demo/environment';
import { addressOf, lookUpAddresses, measure, type Addresses } from '../../demo/measure';
import { exampleResource } from '../../demo/run';
import type { Scenario } from '../../demo/scenarios';
import { selectedNamespace } from '../../mesh/demoMesh';
import type { Protocol } from '../../mesh/load';
import { reachable } from '../../mesh/mesh';
import { settled, switchMode } from '../../support/acceleration';
import { Progress } from '../../tools/progress';
import type { Case, Experiment, Pace, Side, Stage, Values } from '../experiment';

/** Runs of fortio are longer than others by this factor: a request takes milliseconds. */
const longer = 7;

interface ChainCase extends Case {
  readonly protocol: Protocol;
}

const titles: Readonly<Record<Protocol, string>> = { tcp: 'TCP', http: 'HTTP/1.1', http2: 'HTTP/2' };
const protocols = ['tcp', 'http', 'http2'] as const;

/** The part of the name by which figures tell the protocols apart. */
export const isTcpChain = (name: string): boolean => name.startsWith(titles.tcp);

class ChainStage implements Stage<ChainCase> {
  constructor(
    private readonly cluster: Cluster,
    private readonly addresses: Addresses,
    private readonly pace: Pace,
  ) {}

  async enter(side: Side): Promise<void> {
    await switchMode(this.cluster, side === 'accelerated' ? 'Accelerate' : 'Off');
  }

  async run({ protocol }: ChainCase, side: Side, round: number): Promise<Values> {
    const scenario = scenarioOf(protocol, this.pace);
    const mode = side === 'accelerated' ? 'Accelerate' : 'Off';
    const { qps, avgMs, p99Ms, kernelCpuUsPerRequest, errors } = await measure(this.cluster, this.addresses, scenario, mode, round);
    return { requestsPerSecond: qps, avgMs, p99Ms, kernelUs: kernelCpuUsPerRequest, errors };
  }

  close(): Promise<void> {
    return this.cluster.down();
  }
}

function scenarioOf(protocol: Protocol, { seconds }: Pace): Scenario {
  return { title: titles[protocol], namespace: selectedNamespace, server: 'server', protocol, seconds: Math.ceil(longer * seconds), rounds: 1 };
}

async function open(pace: Pace): Promise<ChainStage> {
  const cluster = await bringUpDemo(`sca-bench-${process.pid}`, new Progress());
  try {
    const addresses = await lookUpAddresses(cluster, [scenarioOf('tcp', pace)]);
    await reachable(cluster, addressOf(addresses, selectedNamespace, 'client'), addressOf(addresses, selectedNamespace, 'server'));
    await cluster.kubectl(['apply', '-f', exampleResource]);
    await settled(cluster);
    return new ChainStage(cluster, addresses, pace);
  } catch (error) {
    await cluster.down();
    throw error;
  }
}

export const chains: Experiment<ChainCase> = {
  name: 'chains',
  method: 'fortio, its sidecar, the server’s sidecar, fortio’s server on one node of a real cluster: Envoy with one worker each behind Istio’s rules, 64 connections, 1 KiB, mode Off against mode Accelerate. Nothing is bound to a CPU. HTTP/2 is spoken on all three hops; one connection between the sidecars then carries every request.',
  sides: ['accelerated', 'tcp'],
  cases: protocols.map((protocol) => ({ name: `${titles[protocol]}, 64 connections`, x: titles[protocol], series: 'through two sidecars', costs: 6, slow: true, protocol })),
  axis: { title: 'protocol', ordered: false },
  rounds: 7,
  switched: true,
  open,
};
