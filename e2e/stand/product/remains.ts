// What a node holds of the kernel datapath: to show that it is there, and that nothing stays behind.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import type { Cluster } from '../cluster/cluster';
import type { Machine } from '../cluster/machine';
import { run } from '../../../release/tools/command';

const root = '/sys/fs/cgroup';

/** Pins and attachments of one node. */
export interface Remains {
  /** Paths in the node's BPF file system, directories included; not the two that the kernel puts there itself. */
  readonly pins: readonly string[];
  /** Names of programs attached anywhere in the node's part of the cgroup tree. */
  readonly attached: readonly string[];
}

const treeSchema = z.array(z.object({ programs: z.array(z.object({ name: z.string().default('') })).default([]) }));

/** Looks at a node as it is now. Not counted: the device filters that the container runtime attaches on cgroup v2. */
export async function remainsOn(cluster: Cluster, node: Machine): Promise<Remains> {
  const found = await node.run('find', ['/sys/fs/bpf', '-mindepth', '1', '-not', '-name', '*.debug']);
  const pins = found.split('\n').filter((line) => line !== '');
  const unified = existsSync(join(root, 'cgroup.controllers')) ? root : join(root, 'unified');
  const tree = treeSchema.parse(JSON.parse(await run('bpftool', ['-j', 'cgroup', 'tree', join(unified, cluster.cgroup(node.name))])));
  const attached = tree.flatMap((each) => each.programs.map((program) => program.name)).filter((name) => name !== '');
  return { pins, attached };
}
