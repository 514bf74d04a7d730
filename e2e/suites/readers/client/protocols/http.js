// HTTP/1.1 on a connection that is kept open. This project's servers speak `http`; any server that stores what is PUT speaks `files`.
'use strict';
const { Http } = require('../answers');
const { body } = require('../pattern');

const head = (method, path, length, more = '') =>
  Buffer.from(`${method} ${path} HTTP/1.1\r\nHost: server\r\nContent-Length: ${length}\r\n${more}\r\n`);

exports.http = {
  request({ seed, up, down, busyMs }) {
    const { bytes, crc } = body(seed, up);
    const sum = Buffer.alloc(4);
    sum.writeUInt32BE(crc);
    return { parts: [head('POST', `/?down=${down}&busy=${busyMs}`, up), bytes], answers: [new Http([200], sum, body(0, down).bytes)] };
  },
};

/** A body of at least so many bytes is stored, and fetched by a second request that follows at once. */
const storedFrom = 4096;

exports.files = {
  /** Smaller requests fetch a file that the server has from the beginning. */
  request({ seed, up }) {
    const { bytes } = body(seed, up);
    if (up < storedFrom)
      return { parts: [head('GET', '/small', 0, `X-Padding: ${'x'.repeat(up)}\r\n`)], answers: [new Http([200], Buffer.from('small\n'))] };
    return {
      parts: [head('PUT', '/large', up), bytes, head('GET', '/large', 0)],
      answers: [new Http([201, 204], Buffer.alloc(0)), new Http([200], bytes)],
    };
  },
};
