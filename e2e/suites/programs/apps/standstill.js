// Measures how long the given processes stood still: a time in which none of them read or wrote a byte, or opened a file (as for a new connection).
// /proc/PID/io counts bytes that sockets move by readv and writev, as Envoy does; the size of /proc/PID/fd is the number of open files (Linux 6.2).
//   node standstill.js <pid>...      reads "begin" and "end"; after "end" it prints the longest standstill since "begin", in milliseconds
// It measures from the first movement on, because a program needs time to start; when nothing moves, it measures from "begin" on.
'use strict';
const { readFileSync, statSync } = require('node:fs');
const { createInterface } = require('node:readline');

const everyMs = 4;
const pids = process.argv.slice(2);

let timer;
let last = { bytes: 0, files: 0 };
let moved = false;
/** When the last movement was seen, when the last look was, and the longest standstill. */
let [since, until, longest] = [0, 0, 0];

/** Looks at the processes. When two looks in a row show the same counts, the time since the last movement is a standstill. */
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
