// Connections that die without a word, watches included: the real controller notices by itself, and goes on leading meanwhile.
import { FaultBench } from '../faults/faultBench';

let faults: FaultBench;

beforeAll(async () => {
  faults = await FaultBench.start();
});

afterAll(() => faults?.stop());

/** A watch is taken for dead when three bookmarks in a row are missing, one a minute; then it begins anew. */
const noticedWithinMs = 240_000;

it('watches and requests on dead connections are given up for new ones, without losing the lead', async () => {
  // Only a server that sends bookmarks is missed when it sends none: the first come within a minute or so.
  await faults.proxy.bookmarked(150_000);
  const { rate } = await faults.through('dead connections', { ms: 1000, fault: () => faults.proxy.deafenConnections(), convergeWithinMs: noticedWithinMs });
  expect(rate.busiestSecond).toBeLessThanOrEqual(20);
  expect(faults.bench.controller.log.filter(({ message }) => /leadership is lost/.test(message))).toEqual([]);
}, 500_000);
