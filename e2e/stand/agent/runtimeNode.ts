// A node that has a real container runtime, but no kubelet and no cluster: the test makes the pod sandboxes.
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
  /** The path of the node's root directory in this process's mounts. */
  readonly root: string;
  /** The path of the runtime's socket in this process's mounts. */
  readonly socket: string;
  /** Name of the node's cgroup below the root of every hierarchy. */
  readonly cgroup: string;
  readonly sandboxes: Sandboxes;
  killRuntime(): Promise<void>;
  startRuntime(): Promise<void>;
  /** Ends the node and removes everything of the run. */
  stop(): Promise<void>;
}

/** @param runId is part of the names of everything that the node makes on this machine; short, in lower case */
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
      machine,
      root,
      socket,
      cgroup,
      sandboxes,
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
