// Compresses names of namespaces: sorted names share most of their letters, and every agent gets up to a thousand names. Each end of a
// stream keeps a buffer as large as the largest message, for as long as the stream lasts (NodeBIO of Node.js, crypto_bio.cc).
import { deflateRawSync, inflateRawSync } from 'node:zlib';

/** Raw DEFLATE (RFC 1951) of the names, one per line; no bytes for no name. */
export function packNames(names: readonly string[]): Buffer {
  return names.length === 0 ? Buffer.alloc(0) : deflateRawSync(names.join('\n'));
}

/** The names of `packNames`. @throws Error when the bytes are not raw DEFLATE, or decompress to more than `maxBytes` */
export function unpackNames(packed: Uint8Array, maxBytes: number): string[] {
  return packed.length === 0 ? [] : inflateRawSync(packed, { maxOutputLength: maxBytes }).toString('utf8').split('\n');
}
