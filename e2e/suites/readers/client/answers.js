// Answers that the client waits for. feed() takes the answer's bytes from the beginning of the chunk, and returns how many these were.
'use strict';

/** An answer whose bytes are all known. */
class Exactly {
  constructor(...parts) {
    this.parts = parts.filter((part) => part.length > 0);
    this.at = 0;
    this.done = this.parts.length === 0;
    this.complaint = undefined;
  }

  feed(chunk) {
    let taken = 0;
    while (taken < chunk.length && !this.done) {
      const [part] = this.parts;
      const length = Math.min(part.length - this.at, chunk.length - taken);
      if (part.compare(chunk, taken, taken + length, this.at, this.at + length) !== 0) {
        this.complaint ??= `wrong bytes: ${excerpt(chunk.subarray(taken, taken + length))} instead of ${excerpt(part.subarray(this.at, this.at + length))}`;
      }
      this.at += length;
      taken += length;
      if (this.at === part.length) this.next();
    }
    return taken;
  }

  next() {
    this.parts.shift();
    this.at = 0;
    this.done = this.parts.length === 0;
  }
}

/** An HTTP/1.1 answer: its status, and a body whose bytes are all known. */
class Http {
  constructor(statuses, ...parts) {
    this.statuses = statuses;
    this.length = parts.reduce((sum, part) => sum + part.length, 0);
    this.body = new Exactly(...parts);
    this.head = Buffer.alloc(0);
    this.inBody = false;
    this.trouble = undefined;
  }

  get done() {
    return this.inBody && this.body.done;
  }

  get complaint() {
    return this.trouble ?? this.body.complaint;
  }

  feed(chunk) {
    if (this.inBody) return this.body.feed(chunk);
    const before = this.head.length;
    this.head = Buffer.concat([this.head, chunk]);
    const end = this.head.indexOf('\r\n\r\n');
    if (end < 0) return chunk.length;
    const text = this.head.toString('latin1', 0, end);
    const status = Number(/^HTTP\/1\.1 (\d+)/.exec(text)?.[1]);
    const length = /^content-length: *(\d+)/im.exec(text)?.[1] ?? (status === 204 || status === 101 ? '0' : undefined);
    if (!this.statuses.includes(status)) this.trouble = `status ${status} instead of ${this.statuses.join(' or ')}`;
    else if (Number(length) !== this.length) this.trouble = `an answer of ${length} bytes instead of ${this.length}`;
    if (this.trouble !== undefined) this.body = new Exactly();
    this.inBody = true;
    return end + 4 - before;
  }
}

const excerpt = (bytes) => JSON.stringify(bytes.toString('latin1', 0, 24));

module.exports = { Exactly, Http };
