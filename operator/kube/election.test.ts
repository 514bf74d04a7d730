import fc from 'fast-check';
import { FakeClock, settled, StoppableClock } from './clock.testing';
import { Elector } from './election';
import { LeaseServer, type Line } from './leaseServer.testing';

interface Candidate {
  readonly elector: Elector;
  readonly line: Line;
  readonly clock: StoppableClock;
  readonly stop: AbortController;
  readonly terms: { readonly signal: AbortSignal; readonly end: () => void; readonly fail: (error: Error) => void; over: boolean }[];
  readonly lines: string[];
  readonly ended: Promise<void>;
}

const world = new FakeClock();
let server: LeaseServer;
const candidates: Candidate[] = [];

/** A candidate. Its `lead` ends with its signal, or, with `lingers`, when the test ends it. */
function join(identity: string, { lingers = false, random = () => 0 }: { lingers?: boolean; random?: () => number } = {}): Candidate {
  const { client, line } = server.connect();
  const clock = new StoppableClock(world);
  const stop = new AbortController();
  const terms: Candidate['terms'] = [];
  const lines: string[] = [];
  const elector = new Elector({
    client,
    namespace: 'here',
    name: 'one',
    identity,
    clock,
    random,
    log: (level, message) => lines.push(`${level} ${message}`),
  });
  const ended = elector.run(stop.signal, (signal) => {
    return new Promise<void>((resolve, reject) => {
      const term = { signal, end: resolve, fail: reject, over: false };
      terms.push(term);
      if (!lingers) signal.addEventListener('abort', () => resolve());
    }).finally(() => {
      const term = terms.at(-1);
      if (term !== undefined) term.over = true;
    });
  });
  const candidate = { elector, line, clock, stop, terms, lines, ended };
  candidates.push(candidate);
  return candidate;
}

beforeEach(() => {
  server = new LeaseServer(world);
});
afterEach(async () => {
  for (const { stop, clock, terms } of candidates.splice(0)) {
    clock.wake();
    stop.abort();
    for (const { end } of terms) end();
  }
  await world.advance(100_000);
});

describe('an elector', () => {
  it('creates a missing Lease, and renews it every 2 s', async () => {
    const one = join('one');
    await world.advance(9_000);
    expect(one.elector.leading).toBe(true);
    expect(server.lease).toMatchObject({
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: { namespace: 'here', name: 'one' },
      spec: { holderIdentity: 'one', leaseDurationSeconds: 15, leaseTransitions: 0, renewTime: expect.stringMatching(/T\d\d:\d\d:\d\d\.\d{6}Z$/) },
    });
    expect(server.writes).toHaveLength(5);
    expect(one.terms).toHaveLength(1);
  });

  it('does not take a Lease that another renews', async () => {
    const one = join('one');
    await world.advance(100);
    const two = join('two');
    await world.advance(300_000);
    expect([one.elector.leading, two.elector.leading]).toEqual([true, false]);
    expect(two.terms).toHaveLength(0);
  });

  it('releases the Lease when it is ended, so that the next leader does not wait', async () => {
    const one = join('one');
    await world.advance(100);
    const two = join('two');
    await world.advance(5_000);
    one.stop.abort();
    await one.ended;
    expect(server.holder).toBe('');
    await world.advance(2_000);
    expect(two.elector.leading).toBe(true);
    expect(server.lease?.spec['leaseTransitions']).toBe(1);
  });

  it('renews the Lease until its lead has ended, and then releases it', async () => {
    const one = join('one', { lingers: true });
    await world.advance(100);
    const two = join('two');
    one.stop.abort();
    await world.advance(60_000);
    expect(one.terms[0]?.signal.aborted).toBe(true);
    expect([one.elector.leading, two.elector.leading]).toEqual([true, false]);
    one.terms[0]?.end();
    await one.ended;
    await world.advance(2_000);
    expect([one.elector.leading, two.elector.leading]).toEqual([false, true]);
  });

  it('stops by itself 10 s after its last renewal when its requests fail, before another can lead', async () => {
    const one = join('one');
    await world.advance(100);
    const two = join('two');
    await world.advance(3_800); // it has renewed at 2,000 ms
    one.line.cut = true;
    await world.advance(8_099);
    expect(one.elector.leading).toBe(true);
    await world.advance(1);
    expect(one.elector.leading).toBe(false);
    expect(one.terms[0]?.signal.aborted).toBe(true);
    expect(one.lines).toContain('warn leading by the lease here/one: not renewed within 10000 ms; leadership is lost');
    expect(two.elector.leading).toBe(false);
    await world.advance(6_000);
    expect(two.elector.leading).toBe(true);
    one.line.cut = false;
    await world.advance(60_000);
    expect([one.elector.leading, two.elector.leading]).toEqual([false, true]);
    expect(server.lease?.spec['leaseTransitions']).toBe(1);
  });

  it('begins its next term only after the lead of the last term has ended', async () => {
    const one = join('one', { lingers: true });
    await world.advance(100);
    one.line.cut = true;
    await world.advance(20_000);
    one.line.cut = false;
    await world.advance(60_000);
    expect(one.terms).toHaveLength(1);
    one.terms[0]?.end();
    await world.advance(5_000);
    expect(one.terms).toHaveLength(2);
    expect(one.elector.leading).toBe(true);
  });

  it('does not lead from the first moment after it was stopped and continued', async () => {
    const one = join('one');
    await world.advance(100);
    const two = join('two');
    one.clock.stop();
    await world.advance(60_000);
    expect(two.elector.leading).toBe(true);
    expect(one.elector.leading).toBe(false); // no timer of its own has run yet
    const writes = server.writes.length;
    one.clock.wake();
    await settled();
    expect(one.elector.leading).toBe(false);
    expect(one.terms[0]?.signal.aborted).toBe(true);
    expect(server.writes).toHaveLength(writes);
  });

  it('does not count a renewal whose answer came after the deadline', async () => {
    const one = join('one', { lingers: true });
    await world.advance(100);
    one.line.delayMs = 4_500; // the next renewal is sent at 2,000 ms and answered at 11,000
    await world.advance(11_500);
    expect(server.writes.length).toBeGreaterThan(1);
    expect(one.elector.leading).toBe(false);
    expect(one.terms[0]?.signal.aborted).toBe(true);
  });

  it('does not lead by a Lease whose deadline was over when the answer came', async () => {
    const { client } = server.connect();
    const slow: typeof client = {
      ...client,
      request: async (...request) => {
        const answer = await client.request(...request);
        if (request[0] === 'POST') world.freeze(11_000);
        return answer;
      },
    };
    const lead = jest.fn(() => Promise.resolve());
    const stop = new AbortController();
    const elector = new Elector({ client: slow, namespace: 'here', name: 'one', identity: 'one', clock: world, random: () => 0 });
    const ended = elector.run(stop.signal, lead);
    await settled();
    expect(server.holder).toBe('one');
    expect(elector.leading).toBe(false);
    expect(lead).not.toHaveBeenCalled();
    stop.abort();
    await ended;
  });

  it('keeps leading when single answers are lost', async () => {
    const one = join('one');
    await world.advance(100);
    const two = join('two');
    for (let each = 0; each < 10; each += 1) {
      one.line.deaf = true;
      await world.advance(2_500);
      one.line.deaf = false;
      await world.advance(12_000);
    }
    expect([one.elector.leading, two.elector.leading]).toEqual([true, false]);
    expect(one.terms).toHaveLength(1);
    expect(server.lease?.spec['leaseTransitions']).toBe(0);
  });

  it('stops at once when another holds the Lease', async () => {
    const one = join('one');
    await world.advance(100);
    server.lease = { metadata: { resourceVersion: 'other' }, spec: { holderIdentity: 'two', leaseDurationSeconds: 15, renewTime: 'x' } };
    await world.advance(4_100);
    expect(one.elector.leading).toBe(false);
    expect(one.lines).toContain('warn leading by the lease here/one: two holds it; leadership is lost');
  });

  it('waits for the duration in the Lease, from the moment in which it saw the last renewal', async () => {
    server.lease = {
      metadata: { resourceVersion: 'x' },
      spec: { holderIdentity: 'gone', leaseDurationSeconds: 40, renewTime: '2001-01-01T00:00:00.000000Z' },
    };
    const one = join('one');
    await world.advance(39_999);
    expect(one.elector.leading).toBe(false);
    await world.advance(1);
    expect(one.elector.leading).toBe(true);
    expect(server.lease.spec['leaseTransitions']).toBe(1);
  });

  it('goes on after a Lease that it cannot read, and after a lead that throws', async () => {
    server.lease = { metadata: {}, spec: {} } as unknown as NonNullable<LeaseServer['lease']>;
    const one = join('one', { lingers: true });
    await world.advance(4_000);
    expect(one.lines[0]).toMatch(/^warn cannot take the lease here\/one: /);
    server.lease = undefined;
    await world.advance(4_000);
    one.terms[0]?.fail(new Error('a defect'));
    await settled();
    expect(one.lines.slice(-2)).toEqual(['warn leading by the lease here/one: a defect; releasing the lease', 'info released the lease here/one']);
    await world.advance(4_000);
    expect(one.terms).toHaveLength(2);
  });

  it('refuses times with which two could lead', () => {
    const { client } = server.connect();
    const of = (times: object): Elector => new Elector({ client, namespace: 'a', name: 'b', identity: 'c', ...times });
    expect(() => of({ leaseMs: 10_000 })).toThrow('it needs retryMs < renewDeadlineMs < leaseMs');
    expect(() => of({ renewDeadlineMs: 2_000 })).toThrow('it needs retryMs');
    expect(() => of({ leaseMs: 15_500 })).toThrow('whole seconds');
  });
});

describe('electors under random failures', () => {
  const event = fc.record({
    do: fc.constantFrom('cut', 'deafen', 'mend', 'stop', 'wake', 'delay', 'wait', 'wait', 'wait'),
    who: fc.nat({ max: 2 }),
    ms: fc.nat({ max: 30_000 }),
  });

  it('never lead at the same time, and one leads again after the failures', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(event, { maxLength: 25, size: 'max' }),
        fc.array(fc.double({ min: 0, max: 0.99, noNaN: true }), { minLength: 1, maxLength: 9 }),
        async (events, chances) => {
          server = new LeaseServer(world);
          let drawn = 0;
          const random = (): number => chances[drawn++ % chances.length] ?? 0;
          const all = ['one', 'two', 'three'].map((name) => join(name, { random }));
          const pass = async (ms: number): Promise<void> => {
            for (let rest = ms; rest > 0; rest -= 500) {
              await world.advance(Math.min(500, rest));
              expect(all.filter(({ elector }) => elector.leading).length).toBeLessThanOrEqual(1);
            }
          };
          for (const { do: what, who, ms } of events) {
            const { line, clock } = all[who] as Candidate;
            if (what === 'wait') await pass(ms);
            else if (what === 'cut') line.cut = true;
            else if (what === 'deafen') line.deaf = true;
            else if (what === 'mend') Object.assign(line, { cut: false, deaf: false, delayMs: 0 });
            else if (what === 'stop') clock.stop();
            else if (what === 'wake') clock.wake();
            else line.delayMs = ms / 5;
          }
          for (const { line, clock } of all) {
            Object.assign(line, { cut: false, deaf: false, delayMs: 0 });
            clock.wake();
          }
          await pass(40_000);
          expect(all.filter(({ elector }) => elector.leading)).toHaveLength(1);
          for (const { stop } of all) stop.abort();
          await world.advance(30_000);
          await Promise.all(all.map(({ ended }) => ended));
          expect(server.holder).toBe('');
          candidates.length = 0;
        },
      ),
      { numRuns: 150 },
    );
  });
});
