// Running the object's iterators: programs that the kernel calls for each socket while a file is read.
import { closeSync, readSync } from 'node:fs';
import type { Codec } from './codec';
import { check, checkHandle, libbpf, type Handle } from './libbpf';

/** sizeof(struct bpf_iter_attach_opts) of libbpf 1.x: size, pointer to link info, length of it. */
const optionsBytes = 24;
/** union bpf_iter_link_info of include/uapi/linux/bpf.h: the map's descriptor comes first. */
const linkInfoBytes = 16;

/** `T` is what the program writes about a socket. */
export class SocketIterator<T> {
  private readonly link: Handle;

  /** @param map descriptor of the map to walk; without one, the program says by its kind what is walked */
  constructor(
    private readonly name: string,
    program: Handle,
    private readonly found: Codec<T>,
    map?: number,
  ) {
    const info = Buffer.alloc(linkInfoBytes);
    info.writeUInt32LE(map ?? 0);
    const options = { sz: BigInt(optionsBytes), link_info: map === undefined ? null : info, link_info_len: map === undefined ? 0 : linkInfoBytes };
    this.link = checkHandle(`attach iterator ${name}`, libbpf.attachIterator(program, options));
  }

  /** Walks and returns what the program wrote. */
  run(): T[] {
    return this.read(this.start());
  }

  /** Begins a walk in the network namespace of the calling thread, for read() to go through. */
  start(): number {
    return check(`start iterator ${this.name}`, libbpf.createIterator(check(`find iterator ${this.name}`, libbpf.linkFd(this.link))));
  }

  read(fd: number): T[] {
    try {
      const bytes = readAll(fd);
      return Array.from({ length: bytes.length / this.found.size }, (_, i) => this.found.decode(bytes, i * this.found.size));
    } finally {
      closeSync(fd);
    }
  }

  close(): void {
    libbpf.destroyLink(this.link);
  }
}

/** One walk is read at a time, many are in an hour: a buffer for each would be garbage of a size that V8 is slow to give back. */
const chunk = Buffer.allocUnsafeSlow(1 << 16);

function readAll(fd: number): Buffer {
  const chunks: Buffer[] = [];
  for (;;) {
    const length = readSync(fd, chunk);
    if (length === 0) return Buffer.concat(chunks);
    chunks.push(Buffer.from(chunk.subarray(0, length)));
  }
}
