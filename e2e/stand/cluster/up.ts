// Starts a real cluster: a control machine and N nodes, each a machine of its own, on one kernel.
import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { waitFor } from '../support/waitFor';
import type { Tools } from '../tools/install';
import type { Progress } from '../../../release/tools/progress';
import { openApiAccess } from './apiAccess';
import { cgroupName, Cluster, machineDirectory } from './cluster';
import { apiServerReady, startApiServer, startControllers } from './controlPlane';
import { keepLogs, takeDown } from './down';
import { makeIdentities } from './identities';
import { startMachine, type Machine } from './machine';
import { connectNode, layNetwork } from './network';
import { startKubelet, startRuntime, type NodePlan } from './node';
import { runDirectory, writeState, type RunState } from './state';

/** The plan of a cluster. */
export interface ClusterPlan {
  /** The id of the run, part of the names of everything it makes on this machine; short, in lower case. */
  readonly runId: string;
  readonly nodes: number;
  /** Image archives: of the sandbox image, and of the images that pods of the cluster will use. */
  readonly pauseArchive: string;
  readonly imageArchives: readonly string[];
}

/**
 * Starts the cluster and waits until every node is Ready and has the images.
 * @throws when a part does not start; everything is taken down before that
 */
export async function bringUp(plan: ClusterPlan, tools: Tools, progress: Progress): Promise<Cluster> {
  if (process.getuid?.() !== 0) throw new Error(`starting cluster ${plan.runId}: not root; namespaces, mounts and BPF need it`);
  const directory = runDirectory(plan.runId);
  if (existsSync(directory)) throw new Error(`starting cluster ${plan.runId}: it exists already; take it down first`);
  await mkdir(directory, { recursive: true });
  const state: RunState = { runId: plan.runId, machines: [], cgroups: [] };
  await writeState(state);
  try {
    return await progress.step(`cluster of ${plan.nodes} nodes`, () => start(plan, state, tools));
  } catch (error) {
    const logs = await keepLogs(plan.runId);
    await takeDown(plan.runId);
    throw new Error(`starting cluster ${plan.runId}: ${(error as Error).message}; logs: ${logs}`, { cause: error });
  }
}

async function start(plan: ClusterPlan, state: RunState, tools: Tools): Promise<Cluster> {
  const names = Array.from({ length: plan.nodes }, (_, position) => `node${position + 1}`);
  const control = await recordedMachine(state, 'control');
  await layNetwork(control);
  const identities = await makeIdentities(join(runDirectory(plan.runId), 'identities'), names);
  startApiServer(control, identities, tools);
  const nodes: NodePlan[] = [];
  for (const [position, name] of names.entries()) {
    const node = await recordedMachine(state, name);
    await connectNode(control, node, position + 1, plan.nodes);
    const cgroup = cgroupName(plan.runId, name);
    state.cgroups.push(cgroup);
    await writeState(state);
    nodes.push({ index: position + 1, name, machine: node, directory: machineDirectory(plan.runId, name), cgroup });
  }
  const access = await openApiAccess(runDirectory(plan.runId), control, identities);
  await writeState(Object.assign(state, { forwarder: access.forwarder }));
  const cluster = new Cluster(
    plan.runId,
    control,
    nodes.map((node) => node.machine),
    access.kubeconfig,
    tools,
  );
  const runtimes = Promise.all(nodes.map((node) => startRuntime(node, tools)));
  await apiServerReady(tools.path('kubectl'), access.kubeconfig);
  startControllers(control, identities, tools);
  await runtimes;
  await Promise.all(nodes.map((node) => startKubelet(node, identities, tools, plan.pauseArchive)));
  await Promise.all([cluster.importImages(plan.imageArchives), allReady(cluster)]);
  return cluster;
}

/** Starts a machine and writes it to the state file at once, so that a start that fails later can be taken down. */
async function recordedMachine(state: RunState, name: string): Promise<Machine> {
  const machine = await startMachine(name, machineDirectory(state.runId, name));
  state.machines.push({ name, first: machine.first });
  await writeState(state);
  return machine;
}

async function allReady(cluster: Cluster): Promise<void> {
  const readyTypes = 'jsonpath={range .items[*]}{.status.conditions[?(@.type=="Ready")].status}{"\\n"}{end}';
  await waitFor(
    `${cluster.nodes.length} nodes to be Ready`,
    async () => {
      const lines = (await cluster.kubectl(['get', 'nodes', '-o', readyTypes])).split('\n');
      return lines.filter((line) => line === 'True').length === cluster.nodes.length;
    },
    { timeoutMs: 120_000 },
  );
}
