import { FakeClock } from './clock.testing';
import { Silence } from './silence';

describe('a silence', () => {
  it('aborts its signal when nothing was received for the allowed time, and not before', async () => {
    const clock = new FakeClock();
    const silence = new Silence(clock, () => 100);
    await clock.advance(99);
    expect(silence.signal.aborted).toBe(false);
    await clock.advance(1);
    expect(silence.signal.aborted).toBe(true);
    expect(silence.signal.reason).toBe('nothing received for 100 ms');
  });

  it('begins again with every event, with the time that is allowed then', async () => {
    const clock = new FakeClock();
    let allowedMs = 100;
    const silence = new Silence(clock, () => allowedMs);
    await clock.advance(90);
    allowedMs = 20;
    silence.broken();
    await clock.advance(19);
    expect(silence.signal.aborted).toBe(false);
    await clock.advance(1);
    expect(silence.signal.reason).toBe('nothing received for 20 ms');
  });

  it('aborts its signal at once when it is doubted', () => {
    const silence = new Silence(new FakeClock(), () => 100);
    silence.doubt('nobody answers');
    expect(silence.signal.reason).toBe('nobody answers');
  });

  it('leaves no timer when it ends', () => {
    const clock = new FakeClock();
    const silence = new Silence(clock, () => 100);
    silence.broken();
    silence.end();
    expect(clock.pending).toBe(0);
  });
});
