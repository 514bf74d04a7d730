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

  /** All that a walk has to tell. */
  read(fd: number): T[] {
    return [...this.chunks(fd)].flatMap((bytes) => this.decode(bytes));
  }

  /** The same some hundreds at a time. Closes the walk, also where it is not gone through to its end. */
  *readSome(fd: number): Generator<T[]> {
    for (const bytes of this.chunks(fd)) yield this.decode(bytes);
  }

  private *chunks(fd: number): Generator<Buffer> {
    try {
      for (let length = readSync(fd, chunk); length > 0; length = readSync(fd, chunk)) yield Buffer.from(chunk.subarray(0, length));
    } finally {
      closeSync(fd);
    }
  }

  private decode(bytes: Buffer): T[] {
    return Array.from({ length: bytes.length / this.found.size }, (_, i) => this.found.decode(bytes, i * this.found.size));
  }

  close(): void {
    libbpf.destroyLink(this.link);
  }
}

/** One walk is read at a time, many are in an hour: a buffer for each would be garbage of a size that V8 is slow to give back. */
const chunk = Buffer.allocUnsafeSlow(1 << 16);
