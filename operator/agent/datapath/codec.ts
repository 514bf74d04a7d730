// Values of pinned maps to and from plain objects, by the layouts of the object's BTF.
import type { Btf, BtfType } from './btf';

/** Integers up to four bytes are numbers, eight-byte ones bigints; byte arrays and char arrays are Buffers, views of what was decoded. */
export type Value = number | bigint | Buffer | Value[] | { readonly [member: string]: Value };

export interface Codec<T> {
  /** Bytes of one value. */
  readonly size: number;
  encode(value: T): Buffer;
  decode(bytes: Buffer, at?: number): T;
}

type Resolved = Exclude<BtfType, { kind: 'alias' }>;

function resolve(btf: Btf, id: number): Resolved {
  const type = btf.types[id];
  if (type === undefined) throw new Error(`read BTF: no type ${id}`);
  return type.kind === 'alias' ? resolve(btf, type.target) : type;
}

function sizeOf(btf: Btf, type: Resolved): number {
  if (type.kind === 'array') return type.length * sizeOf(btf, resolve(btf, type.element));
  if (type.kind === 'other') throw new Error('read BTF: a type without a size');
  return type.size;
}

type Read = (bytes: Buffer, at: number) => Value;

function readerOfInteger(size: number, signed: boolean): (bytes: Buffer, at: number) => number | bigint {
  if (size === 8) return signed ? (bytes, at) => bytes.readBigInt64LE(at) : (bytes, at) => bytes.readBigUInt64LE(at);
  return signed ? (bytes, at) => bytes.readIntLE(at, size) : (bytes, at) => bytes.readUIntLE(at, size);
}

function writeInteger(bytes: Buffer, at: number, size: number, signed: boolean, value: number | bigint): void {
  if (size === 8) {
    if (signed) bytes.writeBigInt64LE(BigInt(value), at);
    else bytes.writeBigUInt64LE(BigInt(value), at);
    return;
  }
  if (signed) bytes.writeIntLE(Number(value), at, size);
  else bytes.writeUIntLE(Number(value), at, size);
}

function isByte(type: Resolved): boolean {
  return type.kind === 'int' && type.size === 1;
}

/** Looks at the type once: tens of thousands of connections are read with what comes out. */
function readerOf(btf: Btf, type: Resolved): Read {
  switch (type.kind) {
    case 'int':
      return readerOfInteger(type.size, type.signed);
    case 'enum':
      return readerOfInteger(type.size, false);
    case 'array':
      return readerOfArray(btf, resolve(btf, type.element), type.length);
    case 'struct': {
      const members = type.members.map(({ name, offset, type: member }) => ({ name, offset, read: readerOf(btf, resolve(btf, member)) }));
      return (bytes, at) => {
        const value: Record<string, Value> = {};
        for (const { name, offset, read } of members) value[name] = read(bytes, at + offset);
        return value;
      };
    }
    case 'other':
      throw new Error('read BTF: a type that values do not have');
  }
}

function readerOfArray(btf: Btf, element: Resolved, length: number): Read {
  if (isByte(element)) return (bytes, at) => bytes.subarray(at, at + length);
  const [step, read] = [sizeOf(btf, element), readerOf(btf, element)];
  return (bytes, at) => Array.from({ length }, (_, i) => read(bytes, at + i * step));
}

function encodeType(btf: Btf, type: Resolved, value: Value | undefined, bytes: Buffer, at: number): void {
  if (value === undefined) return; // members left out stay zero: paddings, mostly
  if (type.kind === 'int' || type.kind === 'enum') {
    writeInteger(bytes, at, type.size, type.kind === 'int' && type.signed, value as number | bigint);
  } else if (type.kind === 'array' && Buffer.isBuffer(value)) {
    value.copy(bytes, at, 0, sizeOf(btf, type));
  } else if (type.kind === 'struct') {
    const members = value as { readonly [member: string]: Value };
    for (const m of type.members) encodeType(btf, resolve(btf, m.type), members[m.name], bytes, at + m.offset);
  } else {
    throw new Error('encode map value: only integers, byte arrays and structs can be written');
  }
}

/** The codec of a struct of ebpf/abi.h by its name; `T` names its members as the C source does. */
export function structCodec<T>(btf: Btf, name: string): Codec<T> {
  const id = btf.byName.get(name);
  if (id === undefined) throw new Error(`read BTF: the object has no struct ${name}; is it of this version?`);
  const type = resolve(btf, id);
  const read = readerOf(btf, type);
  return {
    size: sizeOf(btf, type),
    encode(value) {
      const bytes = Buffer.alloc(this.size);
      encodeType(btf, type, value as Value, bytes, 0);
      return bytes;
    },
    decode: (bytes, at = 0) => read(bytes, at) as T,
  };
}

export const u32Codec: Codec<number> = {
  size: 4,
  encode(value) {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32LE(value);
    return bytes;
  },
  decode: (bytes, at = 0) => bytes.readUInt32LE(at),
};

export const u64Codec: Codec<bigint> = {
  size: 8,
  encode(value) {
    const bytes = Buffer.alloc(8);
    bytes.writeBigUInt64LE(value);
    return bytes;
  },
  decode: (bytes, at = 0) => bytes.readBigUInt64LE(at),
};

/** Values as they lie there. */
export function bytesCodec(size: number): Codec<Buffer> {
  return { size, encode: (value) => value, decode: (bytes, at = 0) => bytes.subarray(at, at + size) };
}

/** Enumerators of an enum of ebpf/abi.h: name without `prefix` → number. */
export function enumerators(btf: Btf, name: string, prefix: string): ReadonlyMap<string, number> {
  const type = btf.types[btf.byName.get(name) ?? 0];
  if (type?.kind !== 'enum') throw new Error(`read BTF: the object has no enum ${name}; is it of this version?`);
  return new Map([...type.values].map(([key, value]) => [key.startsWith(prefix) ? key.slice(prefix.length) : key, value]));
}
