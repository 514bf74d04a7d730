// A server of the protocol of client/protocols/frames.js: takes bytes as they come, and answers each complete request.
'use strict';
const { crc32 } = require('node:zlib');

const headBytes = 12;
const table = Buffer.alloc(1 << 16);
for (let i = 0; i < table.length; i++) table[i] = (i * 31 + (i >> 8) * 7) & 0xff;

function answerOf(crc, down) {
  const bytes = Buffer.allocUnsafe(4 + down);
  bytes.writeUInt32BE(crc);
  if (down > 0) bytes.fill(table, 4);
  return bytes;
}

/** Keeps the thread busy, so that nothing on it reads meanwhile. */
function beBusy(ms) {
  if (ms > 0) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

class Frames {
  constructor(answer) {
    this.answer = answer;
    this.head = Buffer.alloc(0);
  }

  take(chunk) {
    for (let at = 0; at < chunk.length;) {
      if (this.head.length < headBytes) {
        const more = chunk.subarray(at, at + headBytes - this.head.length);
        this.head = Buffer.concat([this.head, more]);
        at += more.length;
        if (this.head.length < headBytes) return;
        [this.left, this.crc] = [this.head.readUInt32BE(0), 0];
        beBusy(this.head.readUInt32BE(8));
      }
      const body = chunk.subarray(at, at + this.left);
      this.crc = crc32(body, this.crc);
      at += body.length;
      this.left -= body.length;
      if (this.left > 0) return;
      this.answer(answerOf(this.crc, this.head.readUInt32BE(4)));
      this.head = Buffer.alloc(0);
    }
  }
}

module.exports = { Frames, answerOf, beBusy };
