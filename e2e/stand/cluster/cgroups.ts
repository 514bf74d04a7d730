// Makes and removes the cgroup of a node, on hosts with cgroup v2, v1, or both (hybrid).
import { existsSync, readdirSync } from 'node:fs';
import { mkdir, readFile, readdir, rmdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { waitFor } from '../support/waitFor';

const root = '/sys/fs/cgroup';

/** Makes the cgroup `name` in every hierarchy. */
export async function makeCgroup(name: string): Promise<void> {
  await delegateControllers();
  for (const hierarchy of hierarchies()) await mkdir(join(hierarchy, name), { recursive: true });
  // No process can enter a cpuset of cgroup v1 until its processors and memory nodes are set.
  for (const file of ['cpuset.cpus', 'cpuset.mems']) {
    const parent = join(root, 'cpuset', file);
    if (existsSync(parent)) await writeFile(join(root, 'cpuset', name, file), await readFile(parent));
  }
}

/** Enables the controllers that a kubelet needs on cgroup v2: a child cgroup has only those that cgroup.subtree_control of its parent names. */
async function delegateControllers(): Promise<void> {
  const offered = join(root, 'cgroup.controllers');
  if (!existsSync(offered)) return;
  const there = (await readFile(offered, 'utf8')).trim().split(' ');
  const wanted = ['cpu', 'cpuset', 'hugetlb', 'memory', 'pids'].filter((each) => there.includes(each));
  for (const each of wanted) await writeFile(join(root, 'cgroup.subtree_control'), `+${each}`);
}

/** Waits until the last process has left, and removes the cgroup `name` and all cgroups below it. */
export async function removeCgroup(name: string): Promise<void> {
  for (const hierarchy of hierarchies()) {
    const directory = join(hierarchy, name);
    if (!existsSync(directory)) continue;
    await waitFor(`cgroup ${directory} to be empty`, async () => {
      await removeTree(directory);
      return true;
    });
  }
}

/** The cgroup hierarchies of this host: a single one with cgroup v2, else one for each controller, on hybrid hosts also v2 at unified/. */
export function hierarchies(): string[] {
  if (existsSync(join(root, 'cgroup.controllers'))) return [root];
  return readdirSync(root, { withFileTypes: true })
    .filter((each) => each.isDirectory())
    .map((each) => join(root, each.name));
}

async function removeTree(directory: string): Promise<void> {
  for (const each of await readdir(directory, { withFileTypes: true })) {
    if (each.isDirectory()) await removeTree(join(directory, each.name));
  }
  await rmdir(directory);
}
