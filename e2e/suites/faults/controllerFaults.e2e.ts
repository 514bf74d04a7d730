// The real controller behind a proxy that makes faults. After each fault the controller recovers; meanwhile it sends few requests, its process
// does not end, and it changes no field of another manager. docs/faults.md shows the names of these tests.
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

/** Checks that the controller recovers from a fault, and that its rate of requests stays within the bound of one controller. */
async function endures(fault: Hardship['fault'], { ms = 12_000, ...more }: Partial<Hardship> = {}): Promise<void> {
  const { currentTestName = '' } = expect.getState();
  const endured = await faults.through(currentTestName, { ms, fault, ...more });
  all.push(endured);
  expect(endured.rate.busiestTenSeconds).toBeLessThanOrEqual(5);
  // Applying all objects takes about six writes, which are tried again at growing intervals.
  expect(endured.rate.busiestSecond).toBeLessThanOrEqual(30);
}

it('connections that are reset again and again', () =>
  endures(() => {
    const cutting = setInterval(() => faults.proxy.cutConnections(), 300);
    return () => clearInterval(cutting);
  }));

it('requests whose connection is reset instead of an answer', () => endures(() => faults.proxy.breaks(() => ({ do: 'reset' }))));

it('requests that nobody answers', () =>
  endures(() => faults.proxy.breaks(({ url = '' }) => ({ do: url.includes('watch=true') ? 'pass' : 'swallow' }))));

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
  // Each watch is given up once, when the first renewal of the Lease gets no answer: that shows that the connections are dead.
  expect(said.filter((line) => /another request got no answer; the watch is considered dead/.test(line)).length).toBeGreaterThanOrEqual(5);
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
      // A token is bound to the uid of its ServiceAccount. When the account is made anew, the API server refuses the old token.
      const account = 'sidecar-acceleration-controller';
      await bench.kubectl(['delete', 'serviceaccount', account, '-n', namespace]);
      await bench.kubectl(['create', 'serviceaccount', account, '-n', namespace]);
      return async () => void (await bench.controller.renewToken());
    },
    // The controller reads the token file again after a minute.
    { ms: 25_000, convergeWithinMs: 120_000 },
  );
  expect(bench.controller.log.some(({ message }) => message.includes('HTTP 401'))).toBe(true);
});
