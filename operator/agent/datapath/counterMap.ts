// A per-CPU map of counters. Every possible CPU counts into a copy of its own, and a value is the sum of all copies.
import { bytesCodec, type Codec, u32Codec } from './codec';
import { BpfMap } from './map';
import { sumOfCopies } from './sum';

export class CounterMap<V> {
  private readonly copies: BpfMap<number, Buffer>;

  /** @param value has eight-byte integers only, so that the copies of the CPUs follow each other without gaps (kernel/bpf/syscall.c) */
  constructor(
    name: string,
    fd: number,
    private readonly value: Codec<V>,
    private readonly cpus: number,
  ) {
    this.copies = new BpfMap(name, fd, u32Codec, bytesCodec(value.size * cpus));
  }

  /** A gauge can be below zero, because the change of one CPU may be seen before that of another. */
  get(key: number): V | undefined {
    const bytes = this.copies.view(key);
    return bytes === undefined ? undefined : this.value.decode(sumOfCopies(bytes, this.value.size));
  }

  clear(key: number): void {
    this.copies.set(key, Buffer.alloc(this.value.size * this.cpus));
  }
}
