// The client of every witness. Each line of JSON on its standard input says what to do on one connection; the client answers each line with the
// result.   node main.js HOST PORT PROTOCOL CGROUP
// CGROUP is the server's container. When a server cannot be asked to be busy, the client freezes the container for as long.
'use strict';
const { createInterface } = require('node:readline');
const { setTimeout: pause } = require('node:timers/promises');
const { Conversation } = require('./conversation');
const { Freezer } = require('./freezer');
const protocols = {
  ...require('./protocols/frames'),
  ...require('./protocols/http'),
  ...require('./protocols/caches'),
  ...require('./protocols/mysql'),
};

const [host, port, protocol, cgroup] = process.argv.slice(2);
const freezer = new Freezer(cgroup);
/** Milliseconds between the request that keeps a server busy and the requests that come meanwhile. */
const meanwhileMs = 15;
let conversation;

/** Sends a small request that keeps the server busy. */
async function occupy({ up, busyMs, frozen }) {
  if (frozen) freezer.freezeFor(busyMs);
  await conversation.ask({ up, busyMs: frozen ? 0 : busyMs });
  await pause(meanwhileMs);
}

const deeds = {
  async open({ patienceMs }) {
    conversation?.close();
    conversation = new Conversation(protocols[protocol], patienceMs);
    await conversation.open(host, Number(port));
  },
  /** One request after the other. */
  async turns({ count, up, down }) {
    for (let i = 0; i < count; i++) {
      await conversation.ask({ up, down });
      await conversation.answered();
    }
  },
  /** Many small requests, each by a write of its own, while the server is busy with the first. */
  async burst({ count, up, ...how }) {
    await occupy({ up, ...how });
    for (let i = 1; i < count; i++) await conversation.ask({ up });
    await conversation.answered();
  },
  /** One request, and one answer, of any size; with `busyMs` while the server is busy with another. */
  async large({ up, down, whole, ...how }) {
    if (how.busyMs > 0) await occupy({ up: how.first, ...how });
    await conversation.ask({ up, down, whole });
    await conversation.answered();
  },
  /** The first half of a pipelined exchange: two requests, while the server is busy with the first. */
  async firstHalf(how) {
    await occupy(how);
    await conversation.ask({ up: how.up });
  },
  /** The second half: another request, and all answers. */
  async secondHalf({ up }) {
    await conversation.ask({ up });
    await conversation.answered();
  },
  /** The server's container is frozen and goes on, all while the server waits for a request. */
  async stopped({ up, busyMs }) {
    freezer.freezeFor(busyMs);
    await freezer.thawed();
    await conversation.ask({ up });
    await conversation.answered();
  },
};

const goesOn = new Set(['secondHalf']);

async function main() {
  for await (const line of createInterface({ input: process.stdin })) {
    const { deed, ...how } = JSON.parse(line);
    if (!goesOn.has(deed)) conversation?.begin();
    await deeds[deed](how);
    console.log(JSON.stringify(conversation.outcome()));
  }
  process.exit(0);
}

main();
