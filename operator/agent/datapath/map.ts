// One BPF map by its file descriptor, with typed keys and values. Errors of the kernel become exceptions.
import type { Codec } from './codec';
import { anyValue, newValue, check, libbpf, LibbpfError } from './libbpf';

const missing = 'ENOENT';
const existing = 'EEXIST';

export class BpfMap<K, V> {
  private readonly keyOut: Buffer;
  private readonly valueOut: Buffer;

  constructor(
    readonly name: string,
    readonly fd: number,
    private readonly key: Codec<K>,
    private readonly value: Codec<V>,
  ) {
    this.keyOut = Buffer.alloc(key.size);
    this.valueOut = Buffer.alloc(value.size);
  }

  get(key: K): V | undefined {
    return this.read(key) ? this.value.decode(Buffer.from(this.valueOut)) : undefined;
  }

  /** The bytes of a value, without a copy. The next look-up overwrites them. */
  view(key: K): Buffer | undefined {
    return this.read(key) ? this.valueOut : undefined;
  }

  set(key: K, value: V): void {
    check(`update map ${this.name}`, libbpf.update(this.fd, this.key.encode(key), this.value.encode(value), anyValue));
  }

  /** Adds a key. False, and nothing is changed, where the key exists. */
  add(key: K, value: V): boolean {
    try {
      check(`add to map ${this.name}`, libbpf.update(this.fd, this.key.encode(key), this.value.encode(value), newValue));
      return true;
    } catch (error) {
      if (error instanceof LibbpfError && error.errno === existing) return false;
      throw error;
    }
  }

  /** Deletes a key. That the key does not exist is no error. */
  delete(key: K): void {
    const result = libbpf.remove(this.fd, this.key.encode(key));
    this.unlessMissing(`delete from map ${this.name}`, result);
  }

  /** The keys, at most `limit`, from behind `after`. A map that changes meanwhile may show a key twice, and starts over where `after` is gone. */
  *keys(limit = Infinity, after?: K): Generator<K> {
    let previous: Buffer | null = after === undefined ? null : this.key.encode(after);
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
