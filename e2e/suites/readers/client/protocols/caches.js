// Redis and memcached: the server echoes small bodies, and stores larger ones, which the client then fetches.
'use strict';
const { Exactly } = require('../answers');
const { body } = require('../pattern');

const storedFrom = 4096;
const text = (words) => Buffer.from(words);
const bulk = (bytes) => [text(`$${bytes.length}\r\n`), bytes, text('\r\n')];
const command = (...words) => [text(`*${words.length}\r\n`), ...words.flatMap((word) => bulk(Buffer.from(word)))];

exports.redis = {
  request({ seed, up }) {
    const { bytes } = body(seed, up);
    if (up < storedFrom) return { parts: command('ECHO', bytes), answers: [new Exactly(...bulk(bytes))] };
    const parts = [text(`*3\r\n`), ...bulk(text('SET')), ...bulk(text('large')), ...bulk(bytes), ...command('GET', 'large')];
    return { parts, answers: [new Exactly(text('+OK\r\n')), new Exactly(...bulk(bytes))] };
  },
};

exports.memcached = {
  request({ seed, up }) {
    const { bytes } = body(seed, up);
    const parts = [text(`set key 0 0 ${up}\r\n`), bytes, text('\r\nget key\r\n')];
    return { parts, answers: [new Exactly(text('STORED\r\n')), new Exactly(text(`VALUE key 0 ${up}\r\n`), bytes, text('\r\nEND\r\n'))] };
  },
};
