// Bytes whose values follow from their place in a body, and their checksum.
'use strict';
const zlib = require('node:zlib');

const tableBytes = 1 << 16;
const table = Buffer.alloc(tableBytes);
for (let i = 0; i < tableBytes; i++) table[i] = (i * 31 + (i >> 8) * 7) & 0xff;

/** Each body is made once: to make 48 MB and their checksum takes longer than to send them. */
const bodies = new Map();

/** Bytes [0, length) of the pattern that begins at `seed`. The servers in programs/ answer with the pattern of seed 0. */
function body(seed, length) {
  const key = `${length > tableBytes ? 0 : seed} ${length}`;
  if (!bodies.has(key)) bodies.set(key, made(length > tableBytes ? 0 : seed, length));
  return bodies.get(key);
}

function made(seed, length) {
  const from = (seed * 977) % tableBytes;
  const turned = Buffer.concat([table.subarray(from), table.subarray(0, from)]);
  const bytes = Buffer.alloc(length, turned);
  return { bytes, crc: zlib.crc32(bytes) };
}

/** A body in printable letters, for text protocols. */
function letters(seed, length) {
  const key = `letters ${seed} ${length}`;
  if (!bodies.has(key)) {
    const bytes = Buffer.alloc(length, Buffer.from(Array.from({ length: 997 }, (_, i) => 97 + ((i * 7 + (i >> 5) + seed) % 26))));
    bodies.set(key, { bytes, crc: zlib.crc32(bytes) });
  }
  return bodies.get(key);
}

module.exports = { body, letters };
