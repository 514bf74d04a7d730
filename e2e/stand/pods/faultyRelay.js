// A relay that makes one mistake: proves that the traffic program sees it. Listens on each port of the list, and forwards to that port + 100.
//   node faultyRelay.js none|changed|dropped|doubled|swapped|crossed|silent <port>...      prints "ready"
'use strict';
const net = require('node:net');

const [fault, ...ports] = process.argv.slice(2);
const faultyAt = 300_000; // bytes towards the server on all connections, after which the mistake is made
let passed = 0;
let made = false;
const others = [];
const greeted = new WeakSet();

/** The chunk as it is passed on; once, not as it came. */
function tamper(chunk, to) {
  passed += chunk.length;
  // What comes first on a connection has its greeting in it, which is checked apart from its bytes.
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
