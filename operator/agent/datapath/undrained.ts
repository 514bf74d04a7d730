// Which joined sockets still hold redirected bytes that their programs have not read.
import { closeSync, readSync } from 'node:fs';
import { u32Codec } from './codec';
import { check, checkHandle, libbpf, type Handle } from './libbpf';

/** sizeof(struct bpf_iter_attach_opts) of libbpf 1.x: size, pointer to link info, length of it. */
const optionsBytes = 24;
/** union bpf_iter_link_info of include/uapi/linux/bpf.h: the map's descriptor comes first. */
const linkInfoBytes = 16;

export class UndrainedSockets {
  private readonly link: Handle;

  constructor(program: Handle, sockets: number) {
    const info = Buffer.alloc(linkInfoBytes);
    info.writeUInt32LE(sockets);
    const options = { sz: BigInt(optionsBytes), link_info: info, link_info_len: linkInfoBytes };
    this.link = checkHandle('attach the drain iterator', libbpf.attachIterator(program, options));
  }

  /** The network namespace of each such socket; walks the whole SOCKHASH. */
  namespaces(): number[] {
    const fd = check('start the drain iterator', libbpf.createIterator(check('find the drain iterator', libbpf.linkFd(this.link))));
    try {
      const bytes = readAll(fd);
      return Array.from({ length: bytes.length / u32Codec.size }, (_, i) => u32Codec.decode(bytes, i * u32Codec.size));
    } finally {
      closeSync(fd);
    }
  }

  close(): void {
    libbpf.destroyLink(this.link);
  }
}

function readAll(fd: number): Buffer {
  const chunks: Buffer[] = [];
  for (;;) {
    const chunk = Buffer.alloc(1 << 16);
    const length = readSync(fd, chunk);
    if (length === 0) return Buffer.concat(chunks);
    chunks.push(chunk.subarray(0, length));
  }
}
