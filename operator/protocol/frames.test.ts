import { frame, frameType, opening, openStream, rapidResets, resetStream } from './frames.testing';
import { FrameAllowance, type Verdict } from './frames';

let nowMs: number;
let budget: FrameAllowance;
beforeEach(() => {
  nowMs = 0;
  budget = new FrameAllowance(() => nowMs);
});

const why = (verdict: Verdict): string | undefined => (verdict.kind === 'End' ? verdict.why : undefined);
const ping = frame(frameType.ping, 0, 0, Buffer.alloc(8));
const report = frame(frameType.data, 0, 1, Buffer.alloc(10_000));
const times = (count: number, bytes: Buffer): Buffer => Buffer.concat(Array.from({ length: count }, () => bytes));

test('an agent may open its stream and say Hello, whatever the pieces are in which the bytes arrive', () => {
  const all = Buffer.concat([opening, frame(frameType.settings, 1, 0), openStream(1), frame(frameType.data, 0, 1, Buffer.alloc(400))]);
  for (const byte of all) expect(budget.take(Buffer.from([byte]))).toEqual({ kind: 'Pass' });
});

test.each([
  ['bytes that are not HTTP/2', Buffer.from('GET / HTTP/1.1\r\n'), 'bytes that are not HTTP/2'],
  ['a third stream, also when the others were reset', Buffer.concat([opening, rapidResets(3)]), 'more than 2 streams before a valid token'],
  ['many PINGs', Buffer.concat([opening, times(40, ping)]), 'more than 32 frames for control before a valid token'],
  ['many SETTINGS', times(1, Buffer.concat([opening, times(40, frame(frameType.settings, 0, 0))])), 'more than 32 frames for control'],
  ['many CONTINUATIONs', Buffer.concat([opening, times(40, frame(frameType.continuation, 0, 1))]), 'more than 32 frames for control'],
  ['many frames of a type that is not known', Buffer.concat([opening, times(40, frame(77, 0, 0))]), 'more than 32 frames for control'],
  ['many bytes', Buffer.concat([opening, times(4, report)]), 'more than 32768 bytes before a valid token'],
])('before a valid token the connection is ended for %s', (_what, bytes, reason) => {
  expect(why(budget.take(bytes))).toContain(reason);
});

test('an agent that reports for an hour is never ended, and never waits', () => {
  budget.take(Buffer.concat([opening, openStream(1)]));
  budget.prove();
  for (let second = 0; second < 3600; second += 1) {
    nowMs += 1000;
    expect(budget.take(second % 10 === 0 ? Buffer.concat([times(10, report), ping]) : times(10, report))).toEqual({ kind: 'Pass' });
  }
});

test.each([
  ['streams', rapidResets(20), 'too many streams'],
  ['PINGs', times(200, ping), 'too many frames for control'],
  ['resets', times(200, resetStream(1)), 'too many frames for control'],
])('after a valid token the connection is ended for a flood of %s', (_what, bytes, reason) => {
  budget.take(opening);
  budget.prove();
  expect(why(budget.take(bytes))).toBe(reason);
});

test('after a valid token bytes and empty frames that come too fast are not read for a while', () => {
  budget.take(opening);
  budget.prove();
  expect(budget.take(times(400, report))).toEqual({ kind: 'Pass' });
  expect(budget.take(times(100, report))).toMatchObject({ kind: 'Wait' });
  nowMs += 60_000;
  expect(budget.take(times(20_000, frame(frameType.data, 0, 1)))).toMatchObject({ kind: 'Wait' });
});
