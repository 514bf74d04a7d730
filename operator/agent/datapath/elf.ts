// The two things that the agent needs from the object file itself: its BTF section, and its call instructions.

/** The bytes of a section of a little-endian ELF64 file. @throws where the file is no such file, or lacks the section */
export function section(elf: Buffer, wanted: string): Buffer {
  if (elf.length < 64 || elf.readUInt32BE(0) !== 0x7f454c46 || elf[4] !== 2 || elf[5] !== 1) {
    throw new Error('read object: not a little-endian ELF64 file');
  }
  const table = Number(elf.readBigUInt64LE(40));
  const entry = elf.readUInt16LE(58);
  const header = (index: number): Header => readHeader(elf, table + index * entry);
  const names = header(elf.readUInt16LE(62));
  for (let i = 0; i < elf.readUInt16LE(60); i++) {
    const { name, offset, size } = header(i);
    const at = names.offset + name;
    if (elf.toString('latin1', at, elf.indexOf(0, at)) === wanted) return elf.subarray(offset, offset + size);
  }
  throw new Error(`read object: no section ${wanted}`);
}

interface Header {
  readonly name: number;
  readonly offset: number;
  readonly size: number;
}

function readHeader(elf: Buffer, at: number): Header {
  return {
    name: elf.readUInt32LE(at),
    offset: Number(elf.readBigUInt64LE(at + 24)),
    size: Number(elf.readBigUInt64LE(at + 32)),
  };
}

/** BPF_JMP | BPF_CALL. The upper half of the second byte is the source register, and the last four bytes are the number of the callee. */
const call = 0x85;
/** The source register says what kind of function is called (include/uapi/linux/bpf.h); 2 is BPF_PSEUDO_KFUNC_CALL. */
const callees = { helper: 0, kernelFunction: 2 } as const;

/** Turns the calls of helper number `from` in `code` into calls of another function. Returns their number. */
export function redirectCalls(code: Buffer, from: number, kind: keyof typeof callees, to: number): number {
  let calls = 0;
  for (let at = 0; at + 8 <= code.length; at += 8) {
    if (code.readUInt32LE(at) !== call || code.readUInt32LE(at + 4) !== from) continue;
    code.writeUInt8(callees[kind] << 4, at + 1);
    code.writeUInt32LE(to, at + 4);
    calls++;
  }
  return calls;
}
