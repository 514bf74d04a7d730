import { FakeDatapath, noCounters } from './datapath.testing';
import type { DatapathSnapshot } from './datapath/contract';
import { ScanSchedule } from './scanSchedule';

let now = 0;
let datapath: FakeDatapath;
let schedule: ScanSchedule;
beforeEach(() => {
  now = 100_000;
  datapath = new FakeDatapath();
  schedule = new ScanSchedule(
    () => now,
    () => 0,
  );
});

const snapshotOf = (learning: number, passes: ReadonlyMap<string, bigint> = new Map()): DatapathSnapshot => ({
  namespaces: [{ ...noCounters('shop'), open: learning, reasons: new Map([['Learning', learning]]), passes }],
  joinedSockets: 0,
  drainingSockets: 0,
});

/** Lets seconds pass, one step each; returns in how many of them readers were watched. */
function watchedIn(seconds: number, snapshot: DatapathSnapshot, each: (second: number) => void = () => undefined): number {
  let watched = 0;
  for (let n = 0; n < seconds; n++, now += 1000) {
    each(n);
    schedule.step(datapath, snapshot);
    if (schedule.watching) watched++;
  }
  return watched;
}

test('while a connection that could join is idle, the agent does not watch readers', () => {
  expect(watchedIn(3600, snapshotOf(2))).toBe(0);
});

test('the agent watches readers until it knows those that read, and no longer', () => {
  datapath.unknownReaders = [2];
  expect(watchedIn(2, snapshotOf(2))).toBe(2);
  datapath.steps = [1]; // they are known now
  expect(watchedIn(60, snapshotOf(2))).toBeLessThanOrEqual(1);
});

test('an unknown reader that reads now and then, and never while the agent watches, makes the agent watch less and less', () => {
  const heartbeat = (): void => void (datapath.unknownReaders = [1]);
  watchedIn(300, snapshotOf(2), heartbeat);
  expect(watchedIn(3600, snapshotOf(2), heartbeat)).toBeLessThanOrEqual(36);
});

test('an unknown reader that reads only now and then does not keep the agent from watching when another one begins to read', () => {
  const heartbeat = (): void => void (datapath.unknownReaders = [1]);
  watchedIn(1000, snapshotOf(2), heartbeat);
  datapath.told.splice(0);
  watchedIn(11, snapshotOf(2), () => void (datapath.unknownReaders = [2]));
  expect(datapath.told).toContain('watch readers');
});

test('while messages are longer than their readers were seen to read, the agent watches readers for two seconds a minute', () => {
  let unproven = 0n;
  let watched = 0;
  for (let n = 0; n < 600; n++) watched += watchedIn(1, snapshotOf(0, new Map([['Unproven', (unproven += 10n)]])));
  expect(watched).toBeGreaterThanOrEqual(20);
  expect(watched).toBeLessThanOrEqual(30);
});

test('where the kernel cannot scan, readers are watched while connections warm up', () => {
  datapath.canScan = false;
  expect(watchedIn(60, snapshotOf(0))).toBe(0);
  expect(watchedIn(60, snapshotOf(0, new Map([['WarmUp', 4n]])))).toBe(2);
});

test('the agent stops watching readers when no connection can be joined', () => {
  datapath.unknownReaders = [1];
  watchedIn(1, snapshotOf(2));
  schedule.rest(datapath);
  expect(datapath.told).toEqual(['watch readers', 'leave readers alone']);
  schedule.rest(datapath);
  expect(datapath.told).toHaveLength(2);
});

test('after the datapath object is replaced, the agent tells the new one to watch readers too', () => {
  datapath.unknownReaders = [1];
  watchedIn(1, snapshotOf(2));
  datapath = new FakeDatapath();
  datapath.unknownReaders = [1];
  watchedIn(4, snapshotOf(3));
  expect(datapath.told).toContain('watch readers');
});
