// A TCP connection over loopback, with the few calls on its two sockets that Node's own sockets lack.
import koffi from 'koffi';
import { performance } from 'node:perf_hooks';
import { getSystemErrorName } from 'node:util';

const libc = koffi.load('libc.so.6');
const call = {
  socket: libc.func('int socket(int family, int kind, int protocol)'),
  bind: libc.func('int bind(int fd, const void *address, uint32_t length)'),
  name: libc.func('int getsockname(int fd, void *address, void *length)'),
  listen: libc.func('int listen(int fd, int backlog)'),
  connect: libc.func('int connect(int fd, const void *address, uint32_t length)'),
  accept: libc.func('int accept4(int fd, void *address, void *length, int flags)'),
  set: libc.func('int setsockopt(int fd, int level, int option, const void *value, uint32_t length)'),
  poll: libc.func('int poll(void *files, unsigned long count, int milliseconds)'),
  send: libc.func('long send(int fd, const void *bytes, size_t length, int flags)'),
  receive: libc.func('long recv(int fd, void *bytes, size_t length, int flags)'),
  control: libc.func('int ioctl(int fd, unsigned long request, void *answer)'),
  close: libc.func('int close(int fd)'),
};

// include/uapi/linux and asm-generic; the same on x86-64 and arm64
const [inet, stream, nonBlocking] = [2, 1, 0o4000];
const [solSocket, rcvbuf, linger] = [1, 8, 13];
const noSignal = 0x4000;
const [pollIn, pollOut] = [1, 4];
const [fionread, setInterfaceFlags] = [0x541b, 0x8914];
const addressBytes = 16;
const interfaceRequestBytes = 40;
const interfaceFlagsAt = 16;
const interfaceUp = 1;

/** The time by which an answer must be there, on the clock of this process. */
export class Deadline {
  private readonly end: number;

  constructor(milliseconds: number) {
    this.end = performance.now() + milliseconds;
  }

  get left(): number {
    return Math.max(0, Math.ceil(this.end - performance.now()));
  }
}

/** One socket. Only the calls with a deadline wait. */
export class TcpEnd {
  constructor(readonly fd: number) {}

  /** True where the kernel takes all of the bytes. */
  send(bytes: Buffer): boolean {
    return call.send(this.fd, bytes, bytes.length, noSignal) === bytes.length;
  }

  /** Reads all that is there. Returns the number of bytes. */
  drain(): number {
    const bytes = Buffer.alloc(1 << 16);
    let total = 0;
    for (let length = 0; (length = call.receive(this.fd, bytes, bytes.length, 0) as number) > 0;) total += length;
    return total;
  }

  /** The bytes to be read, by ioctl(FIONREAD). */
  unread(): number {
    const answer = Buffer.alloc(4);
    succeed('ask FIONREAD', call.control(this.fd, fionread, answer));
    return answer.readInt32LE();
  }

  /** Asks for a receive buffer below the kernel's minimum, and so gets the minimum (SOCK_MIN_RCVBUF of include/net/sock.h: a few KiB). */
  takeSmallestBuffer(): void {
    succeed('set SO_RCVBUF', call.set(this.fd, solSocket, rcvbuf, Buffer.from(Int32Array.of(1).buffer), 4));
  }

  waitReadable(deadline: Deadline): void {
    wait(this.fd, pollIn, deadline);
  }

  waitWritable(deadline: Deadline): void {
    wait(this.fd, pollOut, deadline);
  }

  /** Closes the socket with a reset, so that nothing lingers. */
  close(): void {
    call.set(this.fd, solSocket, linger, Buffer.from(Int32Array.of(1, 0).buffer), 8);
    call.close(this.fd);
  }
}

export interface TcpPair {
  readonly connecting: TcpEnd;
  readonly accepting: TcpEnd;
}

/** Connects two sockets over 127.0.0.1 of the thread's network namespace. Brings its loopback device up. */
export function connectPair(deadline: Deadline): TcpPair {
  const listener = open();
  const connecting = open();
  try {
    raiseLoopback(listener);
    const address = loopbackAddress();
    succeed('bind', call.bind(listener.fd, address, addressBytes));
    succeed('listen', call.listen(listener.fd, 1));
    succeed('ask for the port', call.name(listener.fd, address, Buffer.from(Int32Array.of(addressBytes).buffer)));
    call.connect(connecting.fd, address, addressBytes); // the result is EINPROGRESS; accept() tells whether it has worked
    listener.waitReadable(deadline);
    const accepting = new TcpEnd(succeed('accept', call.accept(listener.fd, null, null, nonBlocking)));
    connecting.waitWritable(deadline);
    return { connecting, accepting };
  } catch (error) {
    connecting.close();
    throw error;
  } finally {
    listener.close();
  }
}

function open(): TcpEnd {
  return new TcpEnd(succeed('open a socket', call.socket(inet, stream | nonBlocking, 0)));
}

/** struct sockaddr_in of 127.0.0.1, any port. */
function loopbackAddress(): Buffer {
  const address = Buffer.alloc(addressBytes);
  address.writeUInt16LE(inet, 0);
  address.writeUInt32BE(0x7f000001, 4);
  return address;
}

function raiseLoopback(socket: TcpEnd): void {
  const request = Buffer.alloc(interfaceRequestBytes);
  request.write('lo');
  request.writeUInt16LE(interfaceUp, interfaceFlagsAt);
  succeed('switch the loopback device on', call.control(socket.fd, setInterfaceFlags, request));
}

function wait(fd: number, events: number, deadline: Deadline): void {
  const file = Buffer.alloc(8);
  file.writeInt32LE(fd, 0);
  file.writeUInt16LE(events, 4);
  while (call.poll(file, 1, deadline.left) !== 1) {
    if (deadline.left === 0) throw new Error('no answer on loopback in time');
  }
}

function succeed(doing: string, result: unknown): number {
  if (typeof result !== 'number') throw new Error(`${doing}: no number came back`);
  if (result < 0) throw new Error(`${doing}: ${getSystemErrorName(-koffi.errno())}`);
  return result;
}
