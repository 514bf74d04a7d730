// The real controller behind a proxy that misbehaves: it comes to rest every time, asks no more than the server should bear,
// never ends by itself, and leaves the fields of others alone.
import { FaultBench, type Hardship } from './faultBench';
import { type Endured, keepRequests } from './results';
import { namespace } from '../../stand/api/controllerProcess';

let faults: FaultBench;
const all: Endured[] = [];

beforeAll(async () => {
  faults = await FaultBench.start();
});

afterAll(async () => {
  keepRequests(all);
  await faults?.stop();
});

/** Comes through it, and asks of a server in trouble what one controller may. */
async function endures(fault: Hardship['fault'], { ms = 12_000, ...more }: Partial<Hardship> = {}): Promise<void> {
  const { currentTestName = '' } = expect.getState();
  const endured = await faults.through(currentTestName, { ms, fault, ...more });
  all.push(endured);
  expect(endured.rate.busiestTenSeconds).toBeLessThanOrEqual(5);
  // To apply everything is half a dozen writes, tried again at growing pauses.
  expect(endured.rate.busiestSecond).toBeLessThanOrEqual(30);
}

it('connections that are reset again and again', () =>
  endures(() => {
    const cutting = setInterval(() => faults.proxy.cutConnections(), 300);
    return () => clearInterval(cutting);
  }));

it('requests whose connection is reset instead of an answer', () => endures(() => faults.proxy.breaks(() => ({ do: 'reset' }))));

it('requests that nobody answers', () => endures(() => faults.proxy.breaks(({ url = '' }) => ({ do: url.includes('watch=true') ? 'pass' : 'swallow' }))));

it('writes that are done and never answered', () => endures(() => faults.proxy.breaks(({ method }) => ({ do: method === 'GET' ? 'pass' : 'lose' }))));

it('answers of 429 with Retry-After', () =>
  endures(() => faults.proxy.breaks(() => ({ do: 'answer', code: 429, reason: 'TooManyRequests', retryAfterSeconds: 3 }))));

it.each([500, 503, 504])('answers of %d', (code) => endures(() => faults.proxy.breaks(() => ({ do: 'answer', code, reason: 'InternalError' }))));

it('a history that is compacted under every watch', () =>
  endures(() => {
    faults.proxy.tellWatches({ type: 'ERROR', object: { kind: 'Status', code: 410, reason: 'Expired', message: 'too old resource version' } });
    faults.proxy.endWatches();
    faults.proxy.breaks(({ url = '' }) => (url.includes('watch=true') ? { do: 'answer', code: 410, reason: 'Expired' } : { do: 'pass' }));
  }));

it('watches that end as soon as they begin', () =>
  endures(() => {
    faults.proxy.endWatches();
    faults.proxy.breaks(({ url = '' }) => ({ do: url.includes('watch=true') ? 'end' : 'pass' }));
  }));

it('connections that die without a word, watches included', async () => {
  const { log } = faults.bench.controller;
  const already = log.length;
  await endures(() => faults.proxy.deafenConnections());
  const said = log.slice(already).map(({ message }) => message);
  // Each watch once: the first renewal of the Lease that nobody answers tells of all of them.
  expect(said.filter((line) => /another request got no answer, taken for dead/.test(line)).length).toBeGreaterThanOrEqual(5);
  expect(said.filter((line) => /leadership is lost/.test(line))).toEqual([]);
});

it('answers that take three seconds each', () => endures(() => faults.proxy.breaks(() => ({ do: 'delay', ms: 3000 }))));

it('an API server that is restarted', () => endures(() => faults.bench.server.restart(), { changing: false }));

it('an etcd that stands still', () =>
  endures(
    () => {
      faults.bench.server.freezeEtcd(true);
      return () => faults.bench.server.freezeEtcd(false);
    },
    { ms: 20_000, changing: false },
  ));

it('a token that is good no longer, until its file holds another', async () => {
  const { bench } = faults;
  await endures(
    async () => {
      // Tokens are bound to the uid of their account: those of the one before are refused by the API server itself.
      const account = 'sidecar-acceleration-controller';
      await bench.kubectl(['delete', 'serviceaccount', account, '-n', namespace]);
      await bench.kubectl(['create', 'serviceaccount', account, '-n', namespace]);
      return async () => void (await bench.controller.renewToken());
    },
    // The file is read again when what it held is a minute old.
    { ms: 25_000, convergeWithinMs: 120_000 },
  );
  expect(bench.controller.log.some(({ message }) => message.includes('HTTP 401'))).toBe(true);
});
