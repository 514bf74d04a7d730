// Names of namespaces in few bytes: sorted neighbours share most of their letters, and a thousand of them go to every agent. What is
// sent on a stream at once costs each end a buffer of that size for as long as the stream lasts (NodeBIO of Node.js, crypto_bio.cc).
import { deflateRawSync, inflateRawSync } from 'node:zlib';

/** Raw DEFLATE (RFC 1951) of the names, each on a line. */
export function packNames(names: readonly string[]): Buffer {
  return names.length === 0 ? Buffer.alloc(0) : deflateRawSync(names.join('\n'));
}

/** @throws Error when it is not DEFLATE, or of more than `maxBytes` */
export function unpackNames(packed: Uint8Array, maxBytes: number): string[] {
  return packed.length === 0 ? [] : inflateRawSync(packed, { maxOutputLength: maxBytes }).toString('utf8').split('\n');
}
