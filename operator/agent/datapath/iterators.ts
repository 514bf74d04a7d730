// Running the object's iterators: programs that the kernel calls for each socket while a file is read.
import { closeSync, readSync } from 'node:fs';
import type { Codec } from './codec';
import { check, checkHandle, libbpf, type Handle } from './libbpf';

/** `T` is what the program writes about a socket. */
export class SocketIterator<T> {
  private readonly link: Handle;

  constructor(
    private readonly name: string,
    program: Handle,
    private readonly found: Codec<T>,
  ) {
    this.link = checkHandle(`attach iterator ${name}`, libbpf.attachIterator(program, null));
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
