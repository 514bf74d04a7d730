// Reads struct layouts and enumerators from the .BTF section of an object, so that ebpf/abi.h stays their only source.
// Format: Documentation/bpf/btf.rst of the kernel (header, types, strings).

export interface Member {
  readonly name: string;
  /** Bytes from the start of the struct. */
  readonly offset: number;
  readonly type: number;
}

export type BtfType =
  | { readonly kind: 'int'; readonly size: number; readonly signed: boolean }
  | { readonly kind: 'array'; readonly element: number; readonly length: number }
  | { readonly kind: 'struct'; readonly size: number; readonly members: readonly Member[] }
  | { readonly kind: 'enum'; readonly size: number; readonly values: ReadonlyMap<string, number> }
  | { readonly kind: 'alias'; readonly target: number }
  | { readonly kind: 'other' };

export interface Btf {
  readonly types: readonly BtfType[];
  /** Ids of named structs and enums. */
  readonly byName: ReadonlyMap<string, number>;
  /** Ids of functions. */
  readonly functions: ReadonlyMap<string, number>;
}

const magic = 0xeb9f;
/** Kinds of include/uapi/linux/btf.h. */
const kinds = {
  int: 1,
  array: 3,
  struct: 4,
  union: 5,
  enum: 6,
  typedef: 8,
  volatile: 9,
  const: 10,
  restrict: 11,
  function: 12,
  proto: 13,
  variable: 14,
  section: 15,
  tag: 17,
  enum64: 19,
};

/** Parses raw BTF. Throws on anything that is not little-endian BTF of version 1. */
export function parseBtf(data: Buffer): Btf {
  if (data.length < 24 || data.readUInt16LE(0) !== magic) throw new Error('read BTF: not little-endian BTF');
  const header = data.readUInt32LE(4);
  const typesAt = header + data.readUInt32LE(8);
  const typesEnd = typesAt + data.readUInt32LE(12);
  const stringsAt = header + data.readUInt32LE(16);
  const text = (offset: number): string => data.toString('utf8', stringsAt + offset, data.indexOf(0, stringsAt + offset));

  const types: BtfType[] = [{ kind: 'other' }];
  const byName = new Map<string, number>();
  const functions = new Map<string, number>();
  for (let at = typesAt; at < typesEnd;) {
    const { type, length } = readType(data, at, text);
    const name = text(data.readUInt32LE(at));
    if (name !== '' && (type.kind === 'struct' || type.kind === 'enum')) byName.set(name, types.length);
    if (kindOf(data, at) === kinds.function) functions.set(name, types.length);
    types.push(type);
    at += length;
  }
  return { types, byName, functions };
}

interface Read {
  readonly type: BtfType;
  /** Bytes this entry takes in the type section. */
  readonly length: number;
}

function kindOf(data: Buffer, at: number): number {
  return (data.readUInt32LE(at + 4) >>> 24) & 0x1f;
}

function readType(data: Buffer, at: number, text: (offset: number) => string): Read {
  const info = data.readUInt32LE(at + 4);
  const count = info & 0xffff;
  const kind = kindOf(data, at);
  const sizeOrType = data.readUInt32LE(at + 8);
  const body = at + 12;
  switch (kind) {
    case kinds.int:
      return { type: { kind: 'int', size: sizeOrType, signed: ((data.readUInt32LE(body) >>> 24) & 1) === 1 }, length: 16 };
    case kinds.array:
      return { type: { kind: 'array', element: data.readUInt32LE(body), length: data.readUInt32LE(body + 8) }, length: 24 };
    case kinds.struct:
    case kinds.union:
      return { type: { kind: 'struct', size: sizeOrType, members: readMembers(data, body, count, text) }, length: 12 + 12 * count };
    case kinds.enum:
      return { type: { kind: 'enum', size: sizeOrType, values: readEnumerators(data, body, count, text) }, length: 12 + 8 * count };
    case kinds.typedef:
    case kinds.volatile:
    case kinds.const:
    case kinds.restrict:
      return { type: { kind: 'alias', target: sizeOrType }, length: 12 };
    default:
      return { type: { kind: 'other' }, length: 12 + trailing(kind, count) };
  }
}

/** Bytes behind the common header of kinds that are only stepped over. */
function trailing(kind: number, count: number): number {
  if (kind === kinds.proto) return 8 * count;
  if (kind === kinds.section || kind === kinds.enum64) return 12 * count;
  return kind === kinds.variable || kind === kinds.tag ? 4 : 0;
}

function readMembers(data: Buffer, at: number, count: number, text: (offset: number) => string): Member[] {
  return Array.from({ length: count }, (_, i) => ({
    name: text(data.readUInt32LE(at + 12 * i)),
    type: data.readUInt32LE(at + 12 * i + 4),
    offset: (data.readUInt32LE(at + 12 * i + 8) & 0xffffff) / 8,
  }));
}

function readEnumerators(data: Buffer, at: number, count: number, text: (offset: number) => string): Map<string, number> {
  return new Map(Array.from({ length: count }, (_, i) => [text(data.readUInt32LE(at + 8 * i)), data.readInt32LE(at + 8 * i + 4)]));
}

/** Value of an enumerator by its name, in whichever enum it is. */
export function enumerator(kernel: Btf, name: string): number | undefined {
  for (const type of kernel.types) {
    const value = type.kind === 'enum' ? type.values.get(name) : undefined;
    if (value !== undefined) return value;
  }
  return undefined;
}

/** As enumerator(), for the compiled object, which must have the enumerator. */
export function enumeratorOf(object: Btf, name: string): number {
  const value = enumerator(object, name);
  if (value === undefined) throw new Error(`read BTF: no enumerator ${name}; the object is of another version`);
  return value;
}
