// Writes into the maps at once what the datapath would learn about containers in some seconds.
import { closeSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { enumeratorOf, parseBtf, type Btf } from '../../operator/agent/datapath/btf';
import { codecOf } from '../../operator/agent/datapath/abi';
import { u32Codec, u64Codec, type Codec } from '../../operator/agent/datapath/codec';
import { section } from '../../operator/agent/datapath/elf';
import { check, libbpf } from '../../operator/agent/datapath/libbpf';
import { BpfMap } from '../../operator/agent/datapath/map';

const anyLength = 0xffff_ffff;

export class Known {
  private readonly btf: Btf;

  /** @param pins the directory that a datapath of `object` is pinned in */
  constructor(
    object: string,
    private readonly pins: string,
  ) {
    this.btf = parseBtf(section(readFileSync(object), '.BTF'));
  }

  /** These containers poll the sockets that they accept, as is known after their first connection; nothing else is known of them. */
  toPoll(containers: readonly bigint[]): void {
    const bits = enumeratorOf(this.btf, 'TRAIT_ACCEPTS_POLLING');
    this.write('containers', codecOf(this.btf, 'reader_traits'), containers, { bits });
  }

  /** Programs of these containers were seen to read so many bytes at once; without `bytes`, messages of any length. */
  toRead(containers: readonly bigint[], bytes = anyLength): void {
    this.write('seen_readers', u32Codec, containers, bytes);
  }

  private write<T>(name: string, codec: Codec<T>, containers: readonly bigint[], value: T): void {
    const folder = `abi-${enumeratorOf(this.btf, 'ABI_VERSION')}`; // folders of other versions may exist
    const fd = check(`open the map ${name}`, libbpf.getPinned(join(this.pins, folder, name)));
    try {
      const map = new BpfMap(name, fd, u64Codec, codec);
      for (const id of containers) map.set(id, value);
    } finally {
      closeSync(fd);
    }
  }
}

/** The id of a container: the inode number of its cgroup. */
export function containerOf(cgroup: string): bigint {
  return statSync(cgroup, { bigint: true }).ino;
}
