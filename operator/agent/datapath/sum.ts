// Adds up the values of a per-CPU map: each CPU counts in a value of its own.

/**
 * The sum of the values of `size` bytes that follow each other in `bytes`, word by word and modulo 2^64. Each word is added in two halves: one bigint
 * for each counter of each CPU would cost a noticeable part of a core on large nodes.
 */
export function sumOfCopies(bytes: Buffer, size: number): Buffer {
  const halves = new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
  const sum = Buffer.alloc(size);
  for (let word = 0; word < size / 4; word += 2) {
    let [low, high] = [0, 0];
    for (let at = word; at < halves.length; at += size / 4) {
      low += halves[at] ?? 0;
      high += halves[at + 1] ?? 0;
    }
    sum.writeUInt32LE(low >>> 0, 4 * word);
    sum.writeUInt32LE((high + Math.floor(low / 2 ** 32)) >>> 0, 4 * word + 4);
  }
  return sum;
}
