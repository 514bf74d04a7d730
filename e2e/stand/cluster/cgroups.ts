// Gives every node a cgroup of its own, on cgroup v2, v1 and hybrid hosts alike, and takes it away again.
import { existsSync, readdirSync } from 'node:fs';
import { mkdir, readFile, readdir, rmdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { waitFor } from '../support/waitFor';

const root = '/sys/fs/cgroup';

/** Makes the cgroup `name` in every hierarchy. */
export async function makeCgroup(name: string): Promise<void> {
  await delegateControllers();
  for (const hierarchy of hierarchies()) await mkdir(join(hierarchy, name), { recursive: true });
  // A v1 cpuset takes no process before it is told its processors and memory nodes.
  for (const file of ['cpuset.cpus', 'cpuset.mems']) {
    const parent = join(root, 'cpuset', file);
    if (existsSync(parent)) await writeFile(join(root, 'cpuset', name, file), await readFile(parent));
  }
}

/** On cgroup v2 a kubelet wants these of the directory it is given; the root hands down only what it is told to. */
async function delegateControllers(): Promise<void> {
  const offered = join(root, 'cgroup.controllers');
  if (!existsSync(offered)) return;
  const there = (await readFile(offered, 'utf8')).trim().split(' ');
  const wanted = ['cpu', 'cpuset', 'hugetlb', 'memory', 'pids'].filter((each) => there.includes(each));
  for (const each of wanted) await writeFile(join(root, 'cgroup.subtree_control'), `+${each}`);
}

/** Removes the cgroup `name` and all below it, once the last process has left. */
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

/** The hierarchies of this host: one on cgroup v2, one a controller (and v2 at unified/) on hybrid hosts. */
export function hierarchies(): string[] {
  if (existsSync(join(root, 'cgroup.controllers'))) return [root];
  return readdirSync(root, { withFileTypes: true }).filter((each) => each.isDirectory()).map((each) => join(root, each.name));
}

async function removeTree(directory: string): Promise<void> {
  for (const each of await readdir(directory, { withFileTypes: true })) {
    if (each.isDirectory()) await removeTree(join(directory, each.name));
  }
  await rmdir(directory);
}
