// A checksumming TCP peer for the kernel tests, run inside a test pod: every byte is known by its place in its stream.
//   node peer.js serve <port>...            echoes; prints "ready"
//   node peer.js talk <host> <port> <connections> <messages> <maxBytes> <pauseMs>   prints {bytes, wrongBytes, connections, errors}
'use strict';
const net = require('node:net');

const tableBytes = 1 << 16;
const table = Buffer.alloc(2 * tableBytes);
for (let i = 0; i < table.length; i++) table[i] = (i * 31 + (i >> 8) * 7) & 0xff;

/** Bytes [at, at+length) of stream `seed`; length at most 64 KiB. */
const expected = (seed, at, length) => table.subarray((at + seed * 977) % tableBytes, ((at + seed * 977) % tableBytes) + length);

function serve(ports) {
  let open = ports.length;
  for (const port of ports) {
    const server = net.createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
      socket.on('error', () => {});
      socket.pipe(socket);
    });
    server.listen(Number(port), '::', () => --open === 0 && console.log('ready'));
  }
}

function talk(host, port, connections, messages, maxBytes, pauseMs) {
  const result = { bytes: 0, wrongBytes: 0, connections, errors: [] };
  let left = connections;
  const done = () => --left === 0 && console.log(JSON.stringify(result));
  for (let seed = 0; seed < connections; seed++) converse(host, port, seed, messages, maxBytes, pauseMs, result, done);
}

function converse(host, port, seed, messages, maxBytes, pauseMs, result, done) {
  const socket = net.connect({ host, port, noDelay: true });
  let sent = 0,
    received = 0,
    said = 0;
  let random = seed + 1;
  const next = () => {
    if (said++ === messages) return socket.end();
    random = (random * 1103515245 + 12345) & 0x7fffffff;
    const length = 1 + (random % maxBytes);
    socket.write(expected(seed, sent, length));
    sent += length;
  };
  socket.on('connect', next);
  socket.on('data', (chunk) => {
    for (let at = 0; at < chunk.length; at += tableBytes) {
      const part = chunk.subarray(at, at + tableBytes);
      if (!part.equals(expected(seed, received + at, part.length))) result.wrongBytes += part.length;
    }
    received += chunk.length;
    result.bytes += chunk.length;
    if (received === sent) setTimeout(next, pauseMs);
  });
  socket.on('error', (error) => result.errors.push(error.message));
  socket.on('close', () => {
    if (received !== sent && result.errors.length === 0) result.errors.push(`connection ${seed}: ${received} of ${sent} bytes came back`);
    done();
  });
}

const [what, ...rest] = process.argv.slice(2);
if (what === 'serve') serve(rest);
else talk(rest[0], ...rest.slice(1).map(Number));
