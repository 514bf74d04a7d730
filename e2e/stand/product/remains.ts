// Lists what a node holds of the datapath, so that tests can show that it is attached, and that nothing remains after its removal.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import type { Cluster } from '../cluster/cluster';
import type { Machine } from '../cluster/machine';
import { run } from '../../../release/tools/command';

const root = '/sys/fs/cgroup';

/** Pins and attachments of one node. */
export interface Remains {
  /** Paths in the node's BPF file system, directories included, without the two files that the kernel makes itself. */
  readonly pins: readonly string[];
  /** Names of the programs that are attached to the node's cgroup or below it. */
  readonly attached: readonly string[];
}

const treeSchema = z.array(z.object({ programs: z.array(z.object({ name: z.string().default('') })).default([]) }));

/** Lists what the node holds now, without the device filters that the container runtime attaches on cgroup v2. */
export async function remainsOn(cluster: Cluster, node: Machine): Promise<Remains> {
  const found = await node.run('find', ['/sys/fs/bpf', '-mindepth', '1', '-not', '-name', '*.debug']);
  const pins = found.split('\n').filter((line) => line !== '');
  const unified = existsSync(join(root, 'cgroup.controllers')) ? root : join(root, 'unified');
  const tree = treeSchema.parse(JSON.parse(await run('bpftool', ['-j', 'cgroup', 'tree', join(unified, cluster.cgroup(node.name))])));
  const attached = tree.flatMap((each) => each.programs.map((program) => program.name)).filter((name) => name !== '');
  return { pins, attached };
}
