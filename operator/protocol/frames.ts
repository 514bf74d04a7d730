// Bounds for what a client sends on a connection of the channel. Each frame of HTTP/2 can cost the server objects that are a hundred times
// as large as the frame: a stream that is opened and reset has 30 bytes. Node and grpc-js bound open streams only, and see frames when the
// objects exist. So the frames are counted before Node reads them, as their bytes arrive.

import { Allowance, type Rate } from './allowance';

/** Type of a frame (RFC 9113, 6). */
const [data, headers, windowUpdate] = [0, 1, 8];
const preface = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
const headBytes = 9;

/**
 * What a connection may send before it has shown a valid token. An agent sends some 3 KiB: the preface, SETTINGS, one HEADERS with its token,
 * and Hello. While its token waits for a review, both ends send a PING every 20 s.
 */
const unproven = { bytes: 32 * 1024, streams: 2, controls: 32 };
/** An agent has one stream in the life of its connection, a SETTINGS and its acknowledgement, and two PINGs in 20 s. */
const streams: Rate = { burst: 4, perSecond: 0.2 };
const controls: Rate = { burst: 64, perSecond: 2 };
/** An agent sends a report of some 10 KiB each second, 100 KiB with a thousand namespaces, and for a question about live data up to 3 MiB. */
const bytes: Rate = { burst: 4 * 1024 * 1024, perSecond: 512 * 1024 };
/** Each frame counts as this many bytes at least: reading an empty one takes as long as reading some hundred bytes. */
const leastBytes = 256;

/** What the server has to do with bytes that have arrived. */
export type Verdict =
  | { readonly kind: 'Pass' }
  /** The bytes may be read, and no more for so many milliseconds. */
  | { readonly kind: 'Wait'; readonly ms: number }
  /** The bytes must not be read, and the connection has to be ended. */
  | { readonly kind: 'End'; readonly why: string };

const pass: Verdict = { kind: 'Pass' };

/** Counts the frames of one connection. */
export class FrameAllowance {
  private readonly streams: Allowance;
  private readonly controls: Allowance;
  private readonly bytes: Allowance;
  private proven = false;
  private prefaceSeen = 0;
  /** The head of a frame, as far as it has arrived. */
  private readonly head = Buffer.alloc(headBytes);
  private headSeen = 0;
  /** Bytes of the frame's payload that have not arrived yet. */
  private payload = 0;
  private readonly sent = { bytes: 0, streams: 0, controls: 0 };

  /** @param now a monotonic clock in milliseconds */
  constructor(now: () => number = () => performance.now()) {
    this.streams = new Allowance(streams, now);
    this.controls = new Allowance(controls, now);
    this.bytes = new Allowance(bytes, now);
  }

  /** The connection has shown a valid token. */
  prove(): void {
    this.proven = true;
  }

  /** Counts bytes that have arrived, before they are read. */
  take(chunk: Buffer): Verdict {
    this.sent.bytes += chunk.length;
    if (!this.proven && this.sent.bytes > unproven.bytes) return ended(`more than ${unproven.bytes} bytes before a valid token`);
    let at = this.takePreface(chunk);
    if (at === undefined) return ended('bytes that are not HTTP/2');
    while (at < chunk.length) {
      const skipped = Math.min(this.payload, chunk.length - at);
      this.payload -= skipped;
      at += skipped;
      const copied = Math.min(headBytes - this.headSeen, chunk.length - at);
      chunk.copy(this.head, this.headSeen, at, at + copied);
      this.headSeen += copied;
      at += copied;
      if (this.headSeen < headBytes) break;
      this.headSeen = 0;
      this.payload = this.head.readUIntBE(0, 3);
      const why = this.count(this.head[3] ?? data, headBytes + this.payload);
      if (why !== undefined) return ended(why);
    }
    const ms = this.proven ? this.bytes.debtMs() : 0;
    return ms > 0 ? { kind: 'Wait', ms } : pass;
  }

  /** @returns the index of the first byte after the preface; undefined when the client sends something else */
  private takePreface(chunk: Buffer): number | undefined {
    const length = Math.min(preface.length - this.prefaceSeen, chunk.length);
    if (length > 0 && preface.compare(chunk, 0, length, this.prefaceSeen, this.prefaceSeen + length) !== 0) return undefined;
    this.prefaceSeen += length;
    return length;
  }

  /** Counts a frame. @returns why it is one too many */
  private count(type: number, length: number): string | undefined {
    this.bytes.spend(Math.max(length, leastBytes));
    if (type === data || type === windowUpdate) return undefined;
    const what = type === headers ? 'streams' : 'controls';
    const name = type === headers ? 'streams' : 'frames for control';
    this.sent[what] += 1;
    if (!this.proven && this.sent[what] > unproven[what]) return `more than ${unproven[what]} ${name} before a valid token`;
    this[what].spend(1);
    return this[what].debtMs() > 0 ? `too many ${name}` : undefined;
  }
}

const ended = (why: string): Verdict => ({ kind: 'End', why });
