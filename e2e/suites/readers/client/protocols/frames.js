// The protocol of this project's programs (programs/). A request has three numbers: how many bytes follow, how many bytes the answer has, and for
// how many milliseconds the server is busy before it reads on. The answer is the checksum of the bytes that followed, and as many bytes as asked for.
'use strict';
const { Exactly, Http } = require('../answers');
const { body } = require('../pattern');

function request({ seed, up, down, busyMs }) {
  const head = Buffer.alloc(12);
  [up, down, busyMs].forEach((number, i) => head.writeUInt32BE(number, 4 * i));
  const { bytes, crc } = body(seed, up);
  const sum = Buffer.alloc(4);
  sum.writeUInt32BE(crc);
  return { parts: [head, bytes], answers: [new Exactly(sum, body(0, down).bytes)] };
}

exports.frames = { request };

const upgrade =
  'GET /frames HTTP/1.1\r\nHost: server\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: x3JJHMbDL1EzLkh9GBhXDw==\r\n\r\n';

/** The same on a connection that was upgraded by HTTP: a proxy passes its bytes on as they come, without understanding them. */
exports.upgraded = { request, greeting: () => ({ parts: [Buffer.from(upgrade)], answers: [new Http([101])] }) };
