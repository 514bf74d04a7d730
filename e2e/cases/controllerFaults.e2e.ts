// The real controller behind a proxy that misbehaves: it comes to rest every time, asks no more than the server should bear,
// never ends by itself, and leaves the fields of others alone.
import { FaultBench } from '../faults/faultBench';
import type { RequestRate } from '../faults/requestLog';

let faults: FaultBench;

beforeAll(async () => {
  faults = await FaultBench.start();
});

afterAll(() => faults?.stop());

const faultMs = 12_000;

/** What one controller may ask of a server in trouble. */
function expectBearable(rate: RequestRate): void {
  process.stderr.write(`${expect.getState().currentTestName}: ${JSON.stringify(rate)}\n`);
  expect(rate.busiestTenSeconds).toBeLessThanOrEqual(4);
  expect(rate.busiestSecond).toBeLessThanOrEqual(20);
}

it('connections that are reset again and again', async () => {
  const rate = await faults.through(faultMs, () => {
    const cutting = setInterval(() => faults.proxy.cutConnections(), 300);
    return () => clearInterval(cutting);
  });
  expectBearable(rate);
});

it('requests whose connection is reset instead of an answer', async () => {
  expectBearable(await faults.through(faultMs, () => faults.proxy.breaks(() => ({ do: 'reset' }))));
});

it('writes that are done and never answered', async () => {
  expectBearable(await faults.through(faultMs, () => faults.proxy.breaks(({ method }) => ({ do: method === 'GET' ? 'pass' : 'lose' }))));
});

it('429 with Retry-After', async () => {
  const rate = await faults.through(faultMs, () => faults.proxy.breaks(() => ({ do: 'answer', code: 429, reason: 'TooManyRequests', retryAfterSeconds: 3 })));
  expectBearable(rate);
});

it.each([500, 503, 504])('answers of %d', async (code) => {
  expectBearable(await faults.through(faultMs, () => faults.proxy.breaks(() => ({ do: 'answer', code, reason: 'InternalError' }))));
});

it('a history that is compacted under every watch', async () => {
  const rate = await faults.through(faultMs, () => {
    faults.proxy.tellWatches({ type: 'ERROR', object: { kind: 'Status', code: 410, reason: 'Expired', message: 'too old resource version' } });
    faults.proxy.endWatches();
    faults.proxy.breaks(({ url = '' }) => (url.includes('watch=true') ? { do: 'answer', code: 410, reason: 'Expired' } : { do: 'pass' }));
  });
  expectBearable(rate);
});

it('watches that end as soon as they begin', async () => {
  const rate = await faults.through(faultMs, () => {
    faults.proxy.endWatches();
    faults.proxy.breaks(({ url = '' }) => ({ do: url.includes('watch=true') ? 'end' : 'pass' }));
  });
  expectBearable(rate);
});

it('answers that take three seconds each', async () => {
  expectBearable(await faults.through(faultMs, () => faults.proxy.breaks(() => ({ do: 'delay', ms: 3000 }))));
});
