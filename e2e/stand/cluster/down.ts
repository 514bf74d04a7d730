// Takes a run down completely, also when its start has failed half way.
import { existsSync } from 'node:fs';
import { cp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { buildDirectory } from '../../../release/tools/paths';
import { removeCgroup } from './cgroups';
import { end } from './processes';
import { readState, removeFiles, runDirectory } from './state';

/**
 * Ends every process of a run and removes its cgroups and files. Namespaces, mounts, interfaces, containers and BPF
 * pins go with the machines' first processes. May be called again.
 */
export async function takeDown(runId: string): Promise<void> {
  const state = await readState(runId);
  if (state.forwarder !== undefined) await end(state.forwarder);
  await Promise.all(state.machines.map(({ first }) => end(first)));
  for (const cgroup of state.cgroups) await removeCgroup(cgroup);
  await removeFiles(runId);
}

/**
 * Copies the logs of a run's machines to build/logs, so that they stay when the run is taken down.
 * @returns the directory of the copies
 */
export async function keepLogs(runId: string): Promise<string> {
  const kept = join(buildDirectory, 'logs', runId);
  await rm(kept, { recursive: true, force: true });
  for (const { name } of (await readState(runId)).machines) {
    const logs = join(runDirectory(runId), name, 'log');
    if (existsSync(logs)) await cp(logs, join(kept, name), { recursive: true });
  }
  return kept;
}
