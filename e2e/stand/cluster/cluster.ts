// A running cluster, as the demo and tests use it.
import { join } from 'node:path';
import { run, type CommandOptions } from '../../../release/tools/command';
import type { Tools } from '../tools/install';
import { takeDown } from './down';
import { importImage } from './images';
import { Machine } from './machine';
import { readState, runDirectory } from './state';

/** A running cluster. */
export class Cluster {
  constructor(
    readonly runId: string,
    readonly control: Machine,
    /** The nodes in order: node1, node2, … */
    readonly nodes: readonly Machine[],
    /** The administrator's kubeconfig, which works for any client on this machine. */
    readonly kubeconfig: string,
    readonly tools: Tools,
  ) {}

  /** Runs kubectl as administrator; see `run`. */
  kubectl(args: readonly string[], options: CommandOptions = {}): Promise<string> {
    return run(this.tools.path('kubectl'), ['--kubeconfig', this.kubeconfig, ...args], options);
  }

  /** Runs helm as administrator; helm keeps its files in the run's directory. */
  helm(args: readonly string[], options: CommandOptions = {}): Promise<string> {
    const home = join(runDirectory(this.runId), 'helm');
    const env = { HELM_CACHE_HOME: home, HELM_CONFIG_HOME: home, HELM_DATA_HOME: home, ...options.env };
    return run(this.tools.path('helm'), ['--kubeconfig', this.kubeconfig, ...args], { ...options, env });
  }

  /** Imports image archives into all nodes at the same time. */
  async importImages(archives: readonly string[]): Promise<void> {
    await Promise.all(
      this.nodes.map(async (node) => {
        for (const archive of archives) await importImage(node, this.tools, archive);
      }),
    );
  }

  /** The name of a node's cgroup in every hierarchy; pods are in kubepods/ below it. */
  cgroup(node: string): string {
    return cgroupName(this.runId, node);
  }

  /** Takes the cluster down and removes everything of it. */
  down(): Promise<void> {
    return takeDown(this.runId);
  }
}

/** Finds a cluster that another process started. */
export async function findCluster(runId: string, tools: Tools): Promise<Cluster> {
  const state = await readState(runId);
  const [control, ...nodes] = state.machines.map(({ name, first }) => new Machine(name, first, machineDirectory(runId, name)));
  if (control === undefined) throw new Error(`finding cluster ${runId}: it was never started; take it down`);
  return new Cluster(runId, control, nodes, join(runDirectory(runId), 'kubeconfig'), tools);
}

export function cgroupName(runId: string, node: string): string {
  return `${runId}-${node}`;
}

export function machineDirectory(runId: string, name: string): string {
  return join(runDirectory(runId), name);
}
