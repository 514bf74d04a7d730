// Finds programs of other products that are attached where ours must be. Where such a program allows no other beside it, the kernel's answer is EPERM
// and nothing more.
import { closeSync, openSync, statfsSync } from 'node:fs';
import { dirname } from 'node:path';
import { cgroup2Magic } from '../host';
import { DatapathRefused } from './contract';
import { check, libbpf } from './libbpf';

/** Where our programs are attached to the pods' cgroup: enum bpf_attach_type of include/uapi/linux/bpf.h. */
const attachTypes = [
  { type: 3, name: 'sock_ops' },
  { type: 0, name: 'cgroup_skb/ingress' },
] as const;
/** BPF_F_ALLOW_MULTI. A link always has it. */
const allowsOthers = 2;
/** The most programs of one cgroup (BPF_CGROUP_MAX_PROGS, include/linux/bpf-cgroup.h). */
const mostPrograms = 64;
/** The part of struct bpf_prog_info (include/uapi/linux/bpf.h) down to its name. */
const infoBytes = 80;
const [nameOffset, nameBytes] = [64, 16];

interface Attached {
  readonly flags: number;
  readonly ids: readonly number[];
}

/**
 * Checks the cgroup of the pods and all cgroups above it (hierarchy_allows_attach() and __cgroup_bpf_attach(), kernel/bpf/cgroup.c). A program that
 * may be overridden counts too: the kernel would let ours take its place, and that program would silently stop to run for pods.
 * @throws DatapathRefused with the program, its cgroup and what to do; nothing is changed
 */
export function refuseTaken(podCgroup: string): void {
  for (const { type, name } of attachTypes) {
    for (let cgroup = podCgroup; isCgroup2(cgroup); cgroup = dirname(cgroup)) {
      const { flags, ids } = attachedTo(cgroup, type);
      const [id] = ids;
      if (id === undefined) continue;
      // The nearest cgroup with programs decides: the kernel asked those above it when these were attached.
      if ((flags & allowsOthers) !== 0) break;
      throw new DatapathRefused(
        'CgroupTaken',
        `${cgroup} has the ${name} program ${programName(id)} (id ${id}) of another product, attached so that no other may run beside it: ` +
          `have that product attach it with BPF_F_ALLOW_MULTI or by a link, or leave the node out with spec.nodes.nodeSelector; bpftool prog show id ${id} says more`,
      );
    }
  }
}

function isCgroup2(path: string): boolean {
  return path !== '/' && statfsSync(path).type === cgroup2Magic;
}

function attachedTo(cgroup: string, type: number): Attached {
  const directory = openSync(cgroup, 'r');
  try {
    const [flags, ids, count] = [Buffer.alloc(4), Buffer.alloc(4 * mostPrograms), Buffer.alloc(4)];
    count.writeUInt32LE(mostPrograms);
    check(`ask for the programs of ${cgroup}`, libbpf.queryPrograms(directory, type, 0, flags, ids, count));
    return { flags: flags.readUInt32LE(), ids: Array.from({ length: count.readUInt32LE() }, (_, i) => ids.readUInt32LE(4 * i)) };
  } finally {
    closeSync(directory);
  }
}

/** The name of a loaded program, of which the kernel keeps 15 characters. */
function programName(id: number): string {
  const program = libbpf.programById(id) as number;
  if (program < 0) return 'without a name'; // it was unloaded meanwhile
  try {
    const [info, length] = [Buffer.alloc(infoBytes), Buffer.alloc(4)];
    length.writeUInt32LE(infoBytes);
    check(`ask for program ${id}`, libbpf.infoOf(program, info, length));
    const name = info.toString('latin1', nameOffset, nameOffset + nameBytes).split('\0')[0] ?? '';
    // The name comes from another product and goes into a status.
    return name.replace(/[^\x21-\x7e]/g, '') || 'without a name';
  } finally {
    closeSync(program);
  }
}
