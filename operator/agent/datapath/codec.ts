// Codecs of the values of pinned maps, by the layouts in the object's BTF. A shape names the members of a struct once: the TypeScript type is
// inferred from it, and the codec refuses an object whose struct has other members.
import type { Btf, BtfType } from './btf';

/**
 * What a member is in TypeScript: an integer or enum up to four bytes is a number, an eight-byte integer a bigint, a byte array a Buffer that is a
 * view of what was decoded, an array of eight-byte integers an array of bigints. An unused member is known, and neither read nor written.
 */
export type Kind = 'number' | 'bigint' | 'bytes' | 'bigints' | 'unused' | Shape;

/** The members of a struct of ebpf/abi.h, by their names in C and without padding. */
export interface Shape {
  readonly [member: string]: Kind;
}

interface Primitives {
  readonly number: number;
  readonly bigint: bigint;
  readonly bytes: Buffer;
  readonly bigints: readonly bigint[];
}

type ValueOf<K extends Kind> = K extends keyof Primitives ? Primitives[K] : K extends Shape ? StructOf<K> : never;

/** The value of a struct with this shape. */
export type StructOf<S extends Shape> = { readonly [M in keyof S as S[M] extends 'unused' ? never : M]: ValueOf<S[M]> };

type Value = number | bigint | Buffer | readonly bigint[] | { readonly [member: string]: Value };

export interface Codec<T> {
  /** Bytes of one value. */
  readonly size: number;
  encode(value: T): Buffer;
  decode(bytes: Buffer, at?: number): T;
}

type Resolved = Exclude<BtfType, { kind: 'alias' }>;

/** Reads and writes one value at an offset. */
interface Access {
  read(bytes: Buffer, at: number): Value;
  write(bytes: Buffer, at: number, value: Value): void;
}

function resolve(btf: Btf, id: number): Resolved {
  const type = btf.types[id];
  if (type === undefined) throw new Error(`read BTF: no type ${id}`);
  return type.kind === 'alias' ? resolve(btf, type.target) : type;
}

function accessToInteger(size: number, signed: boolean): Access {
  if (size === 8) {
    return {
      read: signed ? (bytes, at) => bytes.readBigInt64LE(at) : (bytes, at) => bytes.readBigUInt64LE(at),
      write: (bytes, at, value) => void (signed ? bytes.writeBigInt64LE(value as bigint, at) : bytes.writeBigUInt64LE(value as bigint, at)),
    };
  }
  return {
    read: signed ? (bytes, at) => bytes.readIntLE(at, size) : (bytes, at) => bytes.readUIntLE(at, size),
    write: (bytes, at, value) => void (signed ? bytes.writeIntLE(value as number, at, size) : bytes.writeUIntLE(value as number, at, size)),
  };
}

const accessToBytes = (length: number): Access => ({
  read: (bytes, at) => bytes.subarray(at, at + length),
  write: (bytes, at, value) => void (value as Buffer).copy(bytes, at, 0, length),
});

function accessToBigints(length: number, signed: boolean): Access {
  const { read, write } = accessToInteger(8, signed);
  return {
    read: (bytes, at) => Array.from({ length }, (_, i) => read(bytes, at + 8 * i) as bigint),
    write: (bytes, at, value) => (value as readonly bigint[]).forEach((each, i) => write(bytes, at + 8 * i, each)),
  };
}

/**
 * Returns how a member is read and written.
 * @param where name of the member, for the error
 * @throws when the member's type in C does not match `kind`
 */
function accessTo(btf: Btf, type: Resolved, kind: Exclude<Kind, 'unused'>, where: string): Access {
  const element = type.kind === 'array' ? resolve(btf, type.element) : undefined;
  const length = type.kind === 'array' ? type.length : 0;
  if (typeof kind === 'object' && type.kind === 'struct') return accessToStruct(btf, type, kind, where);
  if (kind === 'number' && type.kind === 'enum') return accessToInteger(type.size, false);
  if (kind === 'number' && type.kind === 'int' && type.size < 8) return accessToInteger(type.size, type.signed);
  if (kind === 'bigint' && type.kind === 'int' && type.size === 8) return accessToInteger(8, type.signed);
  if (kind === 'bytes' && element?.kind === 'int' && element.size === 1) return accessToBytes(length);
  if (kind === 'bigints' && element?.kind === 'int' && element.size === 8) return accessToBigints(length, element.signed);
  throw new Error(`read BTF: ${where} is no ${typeof kind === 'object' ? 'struct' : kind}; the object is of another version`);
}

/** Padding has these names in ebpf/abi.h. */
const isPadding = (name: string): boolean => /^pad(_|$)/.test(name);

/** Resolves the members once: tens of thousands of connections are read with the result. */
function accessToStruct(btf: Btf, type: Extract<Resolved, { kind: 'struct' }>, shape: Shape, where: string): Access {
  const offsets = new Map(type.members.filter(({ name }) => !isPadding(name)).map((member) => [member.name, member]));
  const unknown = [...offsets.keys()].find((name) => !Object.hasOwn(shape, name));
  if (unknown !== undefined)
    throw new Error(`read BTF: ${where} has a member ${unknown} that the agent does not know; the object is of another version`);
  const members = Object.entries(shape).flatMap(([name, kind]) => {
    const member = offsets.get(name);
    if (member === undefined) throw new Error(`read BTF: ${where} has no member ${name}; the object is of another version`);
    return kind === 'unused' ? [] : [{ name, offset: member.offset, access: accessTo(btf, resolve(btf, member.type), kind, `${where}.${name}`) }];
  });
  return {
    read: (bytes, at) => {
      const value: Record<string, Value> = {};
      for (const { name, offset, access } of members) value[name] = access.read(bytes, at + offset);
      return value;
    },
    write: (bytes, at, value) => {
      const values = value as { readonly [member: string]: Value };
      for (const { name, offset, access } of members) access.write(bytes, at + offset, values[name] as Value);
    },
  };
}

/**
 * The codec of a struct of ebpf/abi.h by its name. @throws where the object's struct does not have exactly the members of `shape`, with these kinds
 */
export function structCodec<const S extends Shape>(btf: Btf, name: string, shape: S): Codec<StructOf<S>> {
  const id = btf.byName.get(name);
  const type = id === undefined ? undefined : resolve(btf, id);
  if (type?.kind !== 'struct') throw new Error(`read BTF: the object has no struct ${name}; is it of this version?`);
  const access = accessToStruct(btf, type, shape, `struct ${name}`);
  return {
    size: type.size,
    encode(value) {
      const bytes = Buffer.alloc(type.size); // padding and unused members stay zero
      access.write(bytes, 0, value as Value);
      return bytes;
    },
    decode: (bytes, at = 0) => access.read(bytes, at) as StructOf<S>,
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

/** Values as the bytes that they are. */
export function bytesCodec(size: number): Codec<Buffer> {
  return { size, encode: (value) => value, decode: (bytes, at = 0) => bytes.subarray(at, at + size) };
}

/** The enumerators of an enum of ebpf/abi.h: name without `prefix` → number. */
export function enumerators(btf: Btf, name: string, prefix: string): ReadonlyMap<string, number> {
  const type = btf.types[btf.byName.get(name) ?? 0];
  if (type?.kind !== 'enum') throw new Error(`read BTF: the object has no enum ${name}; is it of this version?`);
  return new Map([...type.values].map(([key, value]) => [key.startsWith(prefix) ? key.slice(prefix.length) : key, value]));
}
