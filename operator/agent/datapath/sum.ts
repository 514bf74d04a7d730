// What the CPUs have counted, each into a copy of its own, added up.

/**
 * Adds up values of `size` bytes that follow each other, word by word and modulo 2^64, as the machine would. In two halves, because a
 * bigint for each counter of each CPU would be work enough to be seen on large nodes.
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
