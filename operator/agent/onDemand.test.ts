import { FakeDatapath, noCounters } from './datapath.testing';
import type { DatapathSnapshot } from './datapath/contract';
import { ScanSchedule } from './scanSchedule';

let now = 0;
let datapath: FakeDatapath;
let scans: ScanSchedule;
beforeEach(() => {
  now = 100_000;
  datapath = new FakeDatapath();
  scans = new ScanSchedule(() => now, () => 0);
});

const snapshotOf = (learning: number, passes: ReadonlyMap<string, bigint> = new Map()): DatapathSnapshot => ({
  namespaces: [{ ...noCounters('shop'), open: learning, reasons: new Map([['Learning', learning]]), passes }], joinedSockets: 0, drainingSockets: 0,
});

/** Lets seconds pass, with one step each; returns in how many of them readers were watched. */
function watchedIn(seconds: number, snapshot: DatapathSnapshot, each: (second: number) => void = () => undefined): number {
  let watched = 0;
  for (let n = 0; n < seconds; n++, now += 1000) {
    each(n);
    scans.step(datapath, snapshot);
    if (scans.watching) watched++;
  }
  return watched;
}

test('readers are not watched for a connection that could be joined and is idle', () => {
  expect(watchedIn(3600, snapshotOf(2))).toBe(0);
});

test('unknown readers are watched until they are known, and no longer', () => {
  datapath.strangers = [2];
  expect(watchedIn(2, snapshotOf(2))).toBe(2);
  datapath.steps = [1]; // the readers are known now
  expect(watchedIn(60, snapshotOf(2))).toBeLessThanOrEqual(1);
});

test('a reader that reads now and then, and never while it is watched, is watched less and less often', () => {
  const heartbeat = (): void => void (datapath.strangers = [1]);
  watchedIn(300, snapshotOf(2), heartbeat);
  expect(watchedIn(3600, snapshotOf(2), heartbeat)).toBeLessThanOrEqual(36);
});

test('such a reader does not delay the watching of another that begins to read', () => {
  const heartbeat = (): void => void (datapath.strangers = [1]);
  watchedIn(1000, snapshotOf(2), heartbeat);
  datapath.told.splice(0);
  watchedIn(11, snapshotOf(2), () => void (datapath.strangers = [2]));
  expect(datapath.told).toContain('watch readers');
});

test('because of longer messages readers are watched for two seconds a minute', () => {
  let unproven = 0n;
  let watched = 0;
  for (let n = 0; n < 600; n++) watched += watchedIn(1, snapshotOf(0, new Map([['Unproven', (unproven += 10n)]])));
  expect(watched).toBeGreaterThanOrEqual(20);
  expect(watched).toBeLessThanOrEqual(30);
});

test('where the kernel cannot scan, readers are watched while connections send their first messages', () => {
  datapath.visits = false;
  expect(watchedIn(60, snapshotOf(0))).toBe(0);
  expect(watchedIn(60, snapshotOf(0, new Map([['WarmUp', 4n]])))).toBe(2);
});

test('readers are no longer watched when nothing can be joined', () => {
  datapath.strangers = [1];
  watchedIn(1, snapshotOf(2));
  scans.rest(datapath);
  expect(datapath.told).toEqual(['watch readers', 'leave readers alone']);
  scans.rest(datapath);
  expect(datapath.told).toHaveLength(2);
});

test('the watching begins again with another datapath', () => {
  datapath.strangers = [1];
  watchedIn(1, snapshotOf(2));
  datapath = new FakeDatapath();
  datapath.strangers = [1];
  watchedIn(4, snapshotOf(3));
  expect(datapath.told).toContain('watch readers');
});
