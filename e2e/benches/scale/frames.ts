// gRPC messages on an HTTP/2 stream: a byte with the compression flag, four bytes of length, then the message.

const headBytes = 5;

/** A frame with the message, not compressed. */
export function frame(message: Buffer): Buffer {
  const head = Buffer.alloc(headBytes);
  head.writeUInt32BE(message.length, 1);
  return Buffer.concat([head, message]);
}

/** Joins the pieces of a stream and calls back with each message that is complete. */
export class FrameReader {
  private readonly pieces: Buffer[] = [];
  private bytes = 0;

  constructor(private readonly onMessage: (message: Buffer) => void) {}

  read(piece: Buffer): void {
    this.pieces.push(piece);
    this.bytes += piece.length;
    for (let message = this.next(); message !== undefined; message = this.next()) this.onMessage(message);
  }

  private next(): Buffer | undefined {
    if (this.bytes < headBytes) return undefined;
    const whole = this.whole(headBytes);
    const length = headBytes + whole.readUInt32BE(1);
    if (this.bytes < length) return undefined;
    const all = this.whole(length);
    this.pieces.splice(0, this.pieces.length, all.subarray(length));
    this.bytes -= length;
    return all.subarray(headBytes, length);
  }

  /** Joins the first pieces until they have at least this many bytes. */
  private whole(bytes: number): Buffer {
    const [first] = this.pieces;
    if (first !== undefined && first.length >= bytes) return first;
    const all = Buffer.concat(this.pieces);
    this.pieces.splice(0, this.pieces.length, all);
    return all;
  }
}
