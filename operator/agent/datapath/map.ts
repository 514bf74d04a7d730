// One BPF map by file descriptor: typed keys and values, kernel errors as exceptions.
import type { Codec } from './codec';
import { anyValue, check, libbpf, LibbpfError } from './libbpf';

const missing = 'ENOENT';

export class BpfMap<K, V> {
  private readonly keyOut: Buffer;
  private readonly valueOut: Buffer;

  constructor(
    readonly name: string,
    readonly fd: number,
    private readonly key: Codec<K>,
    private readonly value: Codec<V>,
    /** Copies of the value the kernel hands out: the possible CPUs for per-CPU maps. */
    private readonly copies = 1,
  ) {
    this.keyOut = Buffer.alloc(key.size);
    this.valueOut = Buffer.alloc(this.stride * copies);
  }

  /** Bytes between the copies of a per-CPU value: rounded up to eight (kernel/bpf/syscall.c). */
  private get stride(): number {
    return this.copies === 1 ? this.value.size : Math.ceil(this.value.size / 8) * 8;
  }

  get(key: K): V | undefined {
    return this.read(key) ? this.value.decode(this.valueOut) : undefined;
  }

  /** The value's copy of every possible CPU. */
  getAll(key: K): V[] {
    if (!this.read(key)) return [];
    return Array.from({ length: this.copies }, (_, cpu) => this.value.decode(this.valueOut, cpu * this.stride));
  }

  set(key: K, value: V): void {
    const copy = Buffer.alloc(this.stride);
    this.value.encode(value).copy(copy);
    const bytes = Buffer.concat(Array.from({ length: this.copies }, () => copy));
    check(`update map ${this.name}`, libbpf.update(this.fd, this.key.encode(key), bytes, anyValue));
  }

  /** Deletes a key; one that is not there is no error. */
  delete(key: K): void {
    const result = libbpf.remove(this.fd, this.key.encode(key));
    this.unlessMissing(`delete from map ${this.name}`, result);
  }

  /** The keys, at most `limit`; a map that changes meanwhile may show a key twice or start over. */
  *keys(limit = Infinity): Generator<K> {
    let previous: Buffer | null = null;
    for (let n = 0; n < limit; n++) {
      const result: number = libbpf.nextKey(this.fd, previous, this.keyOut);
      if (!this.unlessMissing(`walk map ${this.name}`, result)) return;
      previous = Buffer.from(this.keyOut);
      yield this.key.decode(previous);
    }
  }

  private read(key: K): boolean {
    return this.unlessMissing(`look up in map ${this.name}`, libbpf.lookup(this.fd, this.key.encode(key), this.valueOut));
  }

  private unlessMissing(doing: string, result: number): boolean {
    try {
      check(doing, result);
      return true;
    } catch (error) {
      if (error instanceof LibbpfError && error.errno === missing) return false;
      throw error;
    }
  }
}
