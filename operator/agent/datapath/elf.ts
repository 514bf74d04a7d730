// The two things the agent needs from the object file itself: its BTF section, and the place of one call instruction.

/** The bytes of a section of a little-endian ELF64 file. Throws where the file is none or lacks the section. */
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

/** BPF_JMP | BPF_CALL with source register 0: a helper call, its number in the last four bytes. */
const callInstruction = Buffer.from([0x85, 0, 0, 0]);

/** Writes `to` over helper number `from` wherever `program` calls it; returns how many calls there were. */
export function renumberHelper(program: Buffer, from: number, to: number): number {
  let calls = 0;
  for (let at = 0; at + 8 <= program.length; at += 8) {
    if (program.compare(callInstruction, 0, 4, at, at + 4) !== 0 || program.readUInt32LE(at + 4) !== from) continue;
    program.writeUInt32LE(to, at + 4);
    calls++;
  }
  return calls;
}
