// How long the given processes stood still: none of them read or wrote a byte, or opened a file, as for a new connection.
// /proc/PID/io counts what sockets move by readv and writev, as Envoy does; /proc/PID/fd is as large as there are files (Linux 6.2).
//   node standstill.js <pid>...      reads "begin" and "end"; at the end it prints the longest standstill since, in milliseconds
// It counts from the first movement on, for a program needs time to start; all of it where nothing moves.
'use strict';
const { readFileSync, statSync } = require('node:fs');
const { createInterface } = require('node:readline');

const everyMs = 4;
const pids = process.argv.slice(2);

let timer;
let last = { bytes: 0, files: 0 };
let moved = false;
/** When it looked like this first, and when last. */
let [since, until, longest] = [0, 0, 0];

/** What happens between two looks is not known: only two that are alike have a standstill between them. */
function look() {
  const now = pids.map(stateOf).reduce((sum, each) => ({ bytes: sum.bytes + each.bytes, files: sum.files + each.files }));
  const moves = now.bytes !== last.bytes || now.files > last.files;
  last = now;
  until = performance.now();
  if (!moves) return void (longest = Math.max(longest, until - since));
  if (!moved) longest = 0;
  moved = true;
  since = until;
}

function stateOf(pid) {
  const [read = 0, written = 0] = [...readFileSync(`/proc/${pid}/io`, 'latin1').matchAll(/^[rw]char: (\d+)/gm)].map(([, bytes]) => Number(bytes));
  return { bytes: read + written, files: statSync(`/proc/${pid}/fd`).size };
}

createInterface({ input: process.stdin }).on('line', (line) => {
  clearInterval(timer);
  look();
  if (line === 'begin') {
    [moved, since, longest] = [false, until, 0];
    timer = setInterval(look, everyMs);
  } else {
    process.stdout.write(`${longest}\n`);
  }
});
