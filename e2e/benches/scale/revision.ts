// Reads only the revision of an order. Five thousand simulated agents on one machine cannot each decode a thousand names without slowing down what
// is measured. Wire format: https://protobuf.dev/programming-guides/encoding/

const orderTag = 0x0a;
const revisionTag = 0x08;

/** The revision; undefined for a message of another kind. Expects fields in the order of their numbers, as the product's encoder writes them. */
export function revisionOf(message: Buffer): number | undefined {
  if (message[0] !== orderTag) return undefined;
  const [, content] = varint(message, 1);
  if (message[content] !== revisionTag) return undefined;
  const [revision] = varint(message, content + 1);
  return revision;
}

/** Reads a varint. Returns the number, which must fit in 53 bits, and the index of the byte after it. */
function varint(bytes: Buffer, at: number): readonly [value: number, next: number] {
  let value = 0;
  for (let shift = 0; shift < 8; shift += 1) {
    const byte = bytes[at + shift] ?? 0;
    value += (byte & 0x7f) * 2 ** (7 * shift);
    if (byte < 0x80) return [value, at + shift + 1];
  }
  throw new Error('reading an order: a number of more than 56 bits');
}
