// Runs an iterator of the object: a program that the kernel calls for each socket while user space reads a file.
import { closeSync, readSync } from 'node:fs';
import type { Codec } from './codec';
import { check, checkHandle, libbpf, type Handle } from './libbpf';

/** `T`: the record that the program writes for a socket. */
export class SocketIterator<T> {
  private readonly link: Handle;

  constructor(
    private readonly name: string,
    program: Handle,
    private readonly found: Codec<T>,
  ) {
    this.link = checkHandle(`attach iterator ${name}`, libbpf.attachIterator(program, null));
  }

  /** Begins a walk over the sockets of the calling thread's network namespace. Returns a file descriptor for read() or readSome(). */
  start(): number {
    return check(`start iterator ${this.name}`, libbpf.createIterator(check(`find iterator ${this.name}`, libbpf.linkFd(this.link))));
  }

  /** All records of a walk. Closes it. */
  read(fd: number): T[] {
    return [...this.chunks(fd)].flatMap((bytes) => this.decode(bytes));
  }

  /** The records of a walk, some hundreds at a time. Closes the walk, also where the caller stops early. */
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

/** One buffer serves all walks, because only one is read at a time. A buffer for each would be garbage of a size that V8 is slow to free. */
const chunk = Buffer.allocUnsafeSlow(1 << 16);
