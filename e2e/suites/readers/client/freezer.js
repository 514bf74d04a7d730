// Stops every program of a cgroup for a while, as a container's runtime pauses it (cgroup.freeze; Documentation/admin-guide/cgroup-v2.rst).
'use strict';
const { readFileSync, writeFileSync } = require('node:fs');
const { join } = require('node:path');

const stopsWithinMs = 2000;

class Freezer {
  constructor(cgroup) {
    this.cgroup = cgroup;
    this.over = Promise.resolve();
  }

  /** Returns when all programs have stopped; they go on after `ms` milliseconds. */
  freezeFor(ms) {
    this.write('1');
    const deadline = performance.now() + stopsWithinMs;
    while (!/^frozen 1$/m.test(readFileSync(join(this.cgroup, 'cgroup.events'), 'utf8'))) {
      if (performance.now() > deadline) throw new Error(`freeze ${this.cgroup}: not all of its programs have stopped in ${stopsWithinMs} ms`);
    }
    this.over = new Promise((resolve) => setTimeout(() => resolve(this.write('0')), ms));
  }

  /** Resolves when the programs go on. */
  thawed() {
    return this.over;
  }

  write(value) {
    writeFileSync(join(this.cgroup, 'cgroup.freeze'), value);
  }
}

module.exports = { Freezer };
