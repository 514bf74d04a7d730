// A cluster that is up: what demo and tests do with it.
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
    /** In order: node1, node2, … */
    readonly nodes: readonly Machine[],
    /** The administrator's kubeconfig, good for any client on this machine. */
    readonly kubeconfig: string,
    readonly tools: Tools,
  ) {}

  /** Runs kubectl as administrator; see `run`. */
  kubectl(args: readonly string[], options: CommandOptions = {}): Promise<string> {
    return run(this.tools.path('kubectl'), ['--kubeconfig', this.kubeconfig, ...args], options);
  }

  /** Runs helm as administrator; its own files stay in the run's directory. */
  helm(args: readonly string[], options: CommandOptions = {}): Promise<string> {
    const home = join(runDirectory(this.runId), 'helm');
    const env = { HELM_CACHE_HOME: home, HELM_CONFIG_HOME: home, HELM_DATA_HOME: home, ...options.env };
    return run(this.tools.path('helm'), ['--kubeconfig', this.kubeconfig, ...args], { ...options, env });
  }

  /** Imports image archives into every node, the nodes side by side. */
  async importImages(archives: readonly string[]): Promise<void> {
    await Promise.all(
      this.nodes.map(async (node) => {
        for (const archive of archives) await importImage(node, this.tools, archive);
      }),
    );
  }

  /** The node's cgroup: pods are at kubepods/ below it, in every hierarchy. */
  cgroup(node: string): string {
    return cgroupName(this.runId, node);
  }

  /** Takes the cluster down; nothing of it stays. */
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
