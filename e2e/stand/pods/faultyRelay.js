// A relay that makes one mistake, to show that the traffic program notices it. It listens on each port of the list and forwards to that port + 100.
//   node faultyRelay.js none|changed|dropped|doubled|swapped|crossed|silent <port>...      prints "ready"
'use strict';
const net = require('node:net');

const [fault, ...ports] = process.argv.slice(2);
const faultyAt = 300_000; // the mistake is made when this many bytes went to servers on all connections together
let passed = 0;
let made = false;
const others = [];
const greeted = new WeakSet();

/** Passes a chunk on; one chunk of all is passed on with the mistake. */
function tamper(chunk, to) {
  passed += chunk.length;
  // The first chunk of a connection contains the greeting, which the traffic program checks by other means than the bytes after it.
  const first = !greeted.has(to);
  greeted.add(to);
  if (first || made || fault === 'none' || passed < faultyAt || chunk.length < 200) return to.write(chunk);
  made = true;
  const half = chunk.length >> 1;
  const changed = Buffer.from(chunk);
  changed[half] ^= 1;
  const other = others.find((each) => each !== to && !each.destroyed && each.writable);
  const mistakes = {
    changed: () => to.write(changed),
    dropped: () => to.write(Buffer.concat([chunk.subarray(0, half), chunk.subarray(half + 1)])),
    doubled: () => to.write(Buffer.concat([chunk.subarray(0, half), chunk.subarray(half - 100)])),
    swapped: () => to.write(Buffer.concat([chunk.subarray(half), chunk.subarray(0, half)])),
    crossed: () => (other ?? to).write(chunk),
    silent: () => to.end(chunk.subarray(0, half)),
  };
  mistakes[fault]();
}

let open = ports.length;
for (const port of ports) {
  const server = net.createServer({ allowHalfOpen: true }, (from) => {
    const to = net.connect({ port: Number(port) + 100, host: '127.0.0.1', allowHalfOpen: true });
    others.push(to);
    from.on('data', (chunk) => tamper(chunk, to));
    from.on('end', () => to.end());
    to.pipe(from);
    for (const socket of [from, to]) socket.on('error', () => {});
  });
  server.listen(Number(port), () => --open === 0 && console.log('ready'));
}
