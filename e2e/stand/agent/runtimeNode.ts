// A node with nothing but a real container runtime: no kubelet, no cluster; the test makes the pod sandboxes.
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { takeDown } from '../cluster/down';
import { importImage } from '../cluster/images';
import { type Machine, startMachine } from '../cluster/machine';
import { startRuntime } from '../cluster/node';
import { runDirectory, writeState } from '../cluster/state';
import { providePauseImage } from '../cluster/pause';
import { installTools } from '../tools/install';
import { Progress } from '../../../release/tools/progress';
import { Sandboxes } from './sandboxes';

export interface RuntimeNode {
  readonly machine: Machine;
  /** The machine's root directory, as this process sees it. */
  readonly root: string;
  /** The runtime's socket, as this process sees it. */
  readonly socket: string;
  /** Name of the node's cgroup below the root of every hierarchy. */
  readonly cgroup: string;
  readonly sandboxes: Sandboxes;
  killRuntime(): Promise<void>;
  startRuntime(): Promise<void>;
  /** Takes everything down; nothing of the run is left. */
  stop(): Promise<void>;
}

/** @param runId names everything on this machine; lower case, short */
export async function startRuntimeNode(runId: string): Promise<RuntimeNode> {
  const tools = await installTools(new Progress(), ['containerd']);
  const pause = await providePauseImage();
  const directory = join(runDirectory(runId), 'node');
  const cgroup = `${runId}-node`;
  await mkdir(directory, { recursive: true });
  await writeState({ runId, machines: [], cgroups: [cgroup] });
  try {
    const machine = await startMachine('node', directory);
    await writeState({ runId, machines: [{ name: 'node', first: machine.first }], cgroups: [cgroup] });
    const start = (): Promise<void> => startRuntime({ index: 1, name: 'node', machine, directory, cgroup }, tools);
    await start();
    await importImage(machine, tools, pause);
    const root = `/proc/${machine.first.pid}/root`;
    const socket = join(root, 'run/containerd/containerd.sock');
    const sandboxes = new Sandboxes(socket);
    return {
      machine, root, socket, cgroup, sandboxes,
      killRuntime: async () => void (await machine.run('sh', ['-c', 'kill -9 $(pidof containerd)'])),
      startRuntime: start,
      stop: () => {
        sandboxes.close();
        return takeDown(runId);
      },
    };
  } catch (error) {
    await takeDown(runId);
    throw error;
  }
}
