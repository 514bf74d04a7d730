// One connection: sends requests, checks their answers, and measures the standstill, which is the longest time in which an answer was
// outstanding, no byte came and none could be sent.
'use strict';
const net = require('node:net');

/** A larger request is sent in pieces; each piece that the kernel takes counts as progress. */
const pieceBytes = 256 << 10;

const lookEveryMs = 5;

class Conversation {
  constructor(protocol, patienceMs) {
    this.protocol = protocol;
    this.patienceMs = patienceMs;
    this.answers = [];
    this.seed = 0;
    this.complaint = undefined;
    this.begin();
  }

  async open(host, port) {
    this.socket = net.connect({ host, port, noDelay: true });
    this.socket.on('data', (chunk) => this.take(chunk));
    this.socket.on('error', (error) => this.fail(error.message));
    this.socket.on('close', () => this.fail('the connection was closed'));
    await new Promise((resolve) => this.socket.once('connect', resolve).once('close', resolve));
    const greeting = this.protocol.greeting?.();
    if (greeting !== undefined) await this.say(greeting);
    await this.answered();
  }

  /** Begins to measure anew. */
  begin() {
    this.startedMs = this.progressMs = performance.now();
    this.standstillMs = 0;
    this.bytes = 0;
  }

  /** What was measured since begin(), and the complaint, if there is one. */
  outcome() {
    const { bytes, standstillMs, complaint } = this;
    return { bytes, standstillMs, ms: performance.now() - this.startedMs, complaints: complaint === undefined ? [] : [complaint] };
  }

  /** Sends a request; resolves when the kernel has taken all of it. `whole`: sends it by one write, however large it is. */
  ask({ up, down = 0, busyMs = 0, whole = false }) {
    return this.say(this.protocol.request({ seed: this.seed++ % 16, up, down, busyMs }), whole);
  }

  /** Resolves when no answer is outstanding any more, or the connection has failed. */
  async answered() {
    if (this.answers.length === 0 || this.complaint !== undefined) return;
    await new Promise((resolve) => (this.settled = resolve));
  }

  close() {
    clearInterval(this.timer);
    this.socket?.removeAllListeners('close').destroy();
  }

  async say({ parts, answers }, whole = false) {
    if (this.answers.length === 0) this.progressMs = performance.now();
    this.answers.push(...answers);
    this.timer ??= setInterval(() => this.look(), 100);
    const bytes = parts.length === 1 ? parts[0] : Buffer.concat(parts);
    for (let at = 0; at < bytes.length && this.complaint === undefined; at += whole ? bytes.length : pieceBytes) {
      const piece = whole ? bytes : bytes.subarray(at, at + pieceBytes);
      await this.written(piece);
      this.bytes += piece.length;
      this.progress();
    }
  }

  /** Writes a piece; resolves when the kernel has taken all of it. While a piece waits, each look that finds fewer bytes left counts as progress. */
  async written(piece) {
    let waiting = Infinity;
    const looking = setInterval(() => {
      const left = this.socket._handle?.writeQueueSize ?? 0; // libuv's count of bytes; Node itself counts whole writes
      if (left < waiting) this.progress();
      waiting = left;
    }, lookEveryMs);
    await new Promise((resolve) => this.socket.write(piece, resolve));
    clearInterval(looking);
  }

  take(chunk) {
    this.progress();
    this.bytes += chunk.length;
    for (let at = 0; at < chunk.length;) {
      const [answer] = this.answers;
      if (answer === undefined) return this.fail('bytes came that no request asked for');
      at += answer.feed(chunk.subarray(at));
      if (answer.complaint !== undefined) return this.fail(answer.complaint);
      if (answer.done) this.answers.shift();
    }
    if (this.answers.length === 0) this.settled?.();
  }

  progress() {
    const now = performance.now();
    if (this.answers.length > 0) this.standstillMs = Math.max(this.standstillMs, now - this.progressMs);
    this.progressMs = now;
  }

  look() {
    if (this.answers.length > 0 && performance.now() - this.progressMs > this.patienceMs) {
      this.progress();
      this.fail(`hung: nothing came and nothing went for ${this.patienceMs / 1000} s`);
    }
  }

  /** Keeps the first complaint, and ends the connection and all waiting. */
  fail(complaint) {
    this.complaint ??= complaint;
    this.settled?.();
    this.socket.destroy();
  }
}

module.exports = { Conversation };
