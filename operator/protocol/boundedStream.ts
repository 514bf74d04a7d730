// Stands between TLS and HTTP/2 on a connection of the channel: grpc-js reads nothing that FrameAllowance does not allow. Node's HTTP/2 would
// read straight from the TLS socket, where no code of ours sees the bytes, so grpc-js gets this stream instead and makes no TLS itself.
import { Duplex } from 'node:stream';
import type { TLSSocket } from 'node:tls';
import { FrameAllowance } from './frames';

export class BoundedStream extends Duplex {
  private readonly budget = new FrameAllowance();
  private wait: NodeJS.Timeout | undefined;

  /** @param onRefused called with the reason when the connection was ended because of what it sent */
  constructor(
    private readonly socket: TLSSocket,
    onRefused: (why: string) => void,
  ) {
    super();
    socket.on('data', (chunk: Buffer) => {
      const verdict = this.budget.take(chunk);
      if (verdict.kind === 'End') {
        onRefused(verdict.why);
        return void this.destroy();
      }
      if (!this.push(chunk)) socket.pause();
      if (verdict.kind === 'Wait') this.waitFor(verdict.ms);
    });
    socket.on('end', () => this.push(null));
    socket.on('error', () => undefined); // 'close' follows
    socket.on('close', () => this.destroy());
  }

  /** The connection has shown a valid token. */
  prove(): void {
    this.budget.prove();
  }

  override _read(): void {
    if (this.wait === undefined) this.socket.resume();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.socket.write(chunk, done);
  }

  override _writev(chunks: { readonly chunk: Buffer }[], done: (error?: Error | null) => void): void {
    this.socket.write(Buffer.concat(chunks.map(({ chunk }) => chunk)), done);
  }

  override _final(done: () => void): void {
    this.socket.end(done);
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    clearTimeout(this.wait);
    this.socket.destroy();
    done(error);
  }

  private waitFor(ms: number): void {
    this.socket.pause();
    this.wait ??= setTimeout(() => {
      this.wait = undefined;
      this.socket.resume();
    }, ms);
  }
}
