// As much of MySQL's protocol as the client needs: the server speaks first, any user may log in, and a query is answered by one row of text.
// (A packet has 3 bytes of length, little-endian, and one byte of sequence; after a full packet of 16 MiB - 1 bytes the rest follows.)
'use strict';
const { letters } = require('../pattern');

const fullPacket = 0xffffff;
const [protocol41, secureConnection, pluginAuth] = [0x200, 0x8000, 0x80000];
const [okHead, errorHead, eofHead] = [0, 0xff, 0xfe];
const query = 3;

function packets(sequence, payload) {
  const parts = [];
  for (let at = 0; at <= payload.length; at += fullPacket) {
    const part = payload.subarray(at, at + fullPacket);
    parts.push(Buffer.from([part.length & 255, (part.length >> 8) & 255, part.length >> 16, sequence++ & 255]), part);
    if (part.length < fullPacket) break;
  }
  return parts;
}

/** An answer of several packets: takes packets until judge() says that it is complete. */
class Packets {
  constructor(judge) {
    this.judge = judge;
    this.pieces = [];
    this.waiting = 0;
    this.payload = [];
    this.done = false;
    this.complaint = undefined;
  }

  feed(chunk) {
    this.pieces.push(chunk);
    this.waiting += chunk.length;
    while (!this.done && this.takeOne());
    // the bytes behind belong to the next answer
    return this.done ? chunk.length - this.waiting : chunk.length;
  }

  takeOne() {
    if (this.waiting < 4) return false;
    const head = this.join(4);
    const length = head.readUIntLE(0, 3);
    if (this.waiting < 4 + length) return false;
    const all = this.join(4 + length);
    this.payload.push(all.subarray(4, 4 + length));
    this.pieces = [all.subarray(4 + length)];
    this.waiting -= 4 + length;
    if (length < fullPacket) this.complete(Buffer.concat(this.payload.splice(0)));
    return true;
  }

  /** Joins the waiting chunks when the first chunk has fewer than `length` bytes. */
  join(length) {
    if (this.pieces[0].length < length) this.pieces = [Buffer.concat(this.pieces)];
    return this.pieces[0];
  }

  complete(payload) {
    if (payload[0] === errorHead) this.complaint = `the server says: ${payload.toString('latin1', 9, 120)}`;
    this.done = this.complaint !== undefined || this.judge(payload, (complaint) => (this.complaint ??= complaint));
  }
}

/** The answer to a query: a short packet ends the columns, another ends the rows, and the one row must be `wanted`. */
function row(wanted) {
  let [ends, right] = [0, false];
  return (payload, complain) => {
    if (payload[0] === eofHead && payload.length < 9) ends++;
    else if (ends === 1) right = payload.equals(wanted);
    if (ends === 2 && !right) complain('the row is not what was asked for');
    return ends === 2;
  };
}

/** A text with its length before it (length-encoded integers of MySQL's protocol). */
function lengthEncoded(bytes) {
  const { length } = bytes;
  if (length < 251) return Buffer.concat([Buffer.from([length]), bytes]);
  const [kind, size] = length < 1 << 16 ? [0xfc, 2] : length < 1 << 24 ? [0xfd, 3] : [0xfe, 8];
  const head = Buffer.alloc(1 + size);
  head[0] = kind;
  head.writeUIntLE(length, 1, Math.min(size, 6));
  return Buffer.concat([head, bytes]);
}

exports.mysql = {
  greeting() {
    const login = Buffer.alloc(32);
    login.writeUInt32LE(protocol41 | secureConnection | pluginAuth, 0);
    login.writeUInt32LE(1 << 30, 4);
    login[8] = 8; // latin1
    const user = Buffer.from('root\0\0mysql_native_password\0', 'latin1');
    let greeted = false;
    const judge = (payload) => {
      if (greeted) return payload[0] === okHead;
      greeted = true;
      return false;
    };
    return { parts: packets(1, Buffer.concat([login, user])), answers: [new Packets(judge)] };
  },
  /** The query asks for the checksum of the letters that it brings, and for as many letters as `down` says. */
  request({ seed, up, down, busyMs }) {
    const { bytes, crc } = letters(seed, up);
    const words = `,REPEAT('abcdefgh',${Math.ceil(down / 8)}),SLEEP(${busyMs / 1000})`;
    const wanted = [String(crc), 'abcdefgh'.repeat(Math.ceil(down / 8)), '0'].map((text) => lengthEncoded(Buffer.from(text)));
    const text = Buffer.concat([Buffer.from([query]), Buffer.from("SELECT CRC32('"), bytes, Buffer.from(`')${words}`)]);
    return { parts: packets(0, text), answers: [new Packets(row(Buffer.concat(wanted)))] };
  },
};
