// A shortcut of the tests: containers are known to poll the sockets they accept, as they are after their first answered connection.
import { closeSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { enumerator, parseBtf } from '../../operator/agent/datapath/btf';
import { structCodec, u64Codec } from '../../operator/agent/datapath/codec';
import { section } from '../../operator/agent/datapath/elf';
import { check, libbpf } from '../../operator/agent/datapath/libbpf';
import { BpfMap } from '../../operator/agent/datapath/map';
import type { TestPod } from './pods';

/** Before 5.15 a pod's network namespace stands for its containers (ebpf/ends.h, container_of_socket()). */
export function knowToPoll(object: string, pins: string, cgroups: readonly string[], pods: readonly TestPod[]): void {
  const btf = parseBtf(section(readFileSync(object), '.BTF'));
  const folder = readdirSync(pins).find((name) => name.startsWith('abi-'));
  const fd = check('open the map of containers', libbpf.getPinned(join(pins, folder ?? '', 'containers')));
  try {
    const containers = new BpfMap('containers', fd, u64Codec, structCodec<{ bits: number }>(btf, 'habits'));
    const bits = enumerator(btf, 'HABIT_ACCEPTS_POLLING');
    if (bits === undefined) throw new Error('read BTF: no HABIT_ACCEPTS_POLLING');
    for (const id of [...cgroups.map((path) => statSync(path, { bigint: true }).ino), ...pods.map(({ netns }) => BigInt(netns))]) {
      containers.set(id, { bits });
    }
  } finally {
    closeSync(fd);
  }
}
