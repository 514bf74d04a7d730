import { FakeDatapath, noCounters } from './datapath.testing';
import { ScanSchedule } from './scanSchedule';

let now = 0;
let worked = 0;
let datapath: FakeDatapath;
let schedule: ScanSchedule;
beforeEach(() => {
  now = 100_000;
  datapath = new FakeDatapath();
  schedule = new ScanSchedule(() => now, () => worked);
});

const snapshotOf = (ends: number): FakeDatapath['counted'] => ({
  namespaces: [{ ...noCounters('shop'), open: ends, reasons: new Map([['Learning', ends]]) }], joinedSockets: 0, drainingSockets: 0,
});

/** Lets seconds pass, one step each; returns how often it visited. */
function pass(seconds: number, ends: number): number {
  const before = datapath.scanned;
  for (let n = 0; n < seconds; n++, now += 1000) schedule.step(datapath, snapshotOf(ends));
  return datapath.scanned - before;
}

test('readers that nobody knows are watched for two seconds, and trusted at the visit after that', () => {
  datapath.unknownReaders = [1];
  expect(pass(1, 5)).toBe(1);
  expect(datapath.told).toEqual(['watch readers']);
  expect(pass(1, 5)).toBe(0);
  datapath.steps = [1];
  pass(1, 5);
  expect(datapath.trusted).toEqual([false, true, false]);
});

test('where readers are watched for good they are trusted at the first visit', () => {
  datapath.watching = 'Always';
  expect(pass(1, 5)).toBe(1);
  expect(datapath.trusted).toEqual([true]);
  expect(datapath.told).toEqual([]);
});

test('where nobody can see readers they are never trusted', () => {
  datapath.watching = 'Never';
  datapath.unknownReaders = [1, 1, 1, 1];
  pass(60, 5);
  expect(new Set(datapath.trusted)).toEqual(new Set([false]));
  expect(datapath.told).toEqual([]);
});

test('strangers are trusted where they were found, and nowhere else', () => {
  const others = { ...noCounters('bank'), open: 2 };
  const seen = (): void => schedule.step(datapath, { namespaces: [...snapshotOf(5).namespaces, others], joinedSockets: 0, drainingSockets: 0 });
  seen(); // all
  datapath.unknownReaders = [1];
  for (let n = 0; n < 9; n++, now += 1000) seen();
  const at = datapath.trusted.indexOf(true);
  expect([...(datapath.scannedNamespaces[at] ?? [])]).toEqual(['shop']);
});

test('steps towards joining are taken one after the other, at most four at once', () => {
  datapath.steps = [4, 4, 4, 4, 4];
  expect(pass(1, 5)).toBe(4);
});

test('while nothing moves it looks less and less often, and anew when something new comes', () => {
  pass(3, 5);
  const first = pass(15, 5);
  expect(first).toBeLessThan(6);
  expect(pass(20, 5)).toBeLessThanOrEqual(3);
  expect(pass(2, 6)).toBe(1);
});

test('when a reader turns out to splice its connections are visited at once', () => {
  pass(60, 1);
  const before = datapath.scanned;
  schedule.step(datapath, { namespaces: [{ ...noCounters('shop'), open: 2, reasons: new Map([['SplicingReader', 2]]) }], joinedSockets: 0, drainingSockets: 0 });
  expect(datapath.scanned).toBe(before + 1);
});

test('a visit that takes much work is followed by a long pause, a shorter one while something is learnt', () => {
  datapath.work = () => void (worked += 500);
  expect(pass(3, 5)).toBe(1);
  expect(pass(22, 6)).toBe(0);
  expect(pass(2, 6)).toBe(1);
  expect(pass(26, 0)).toBe(1);
  expect(pass(90, 0)).toBe(0);
});

test('a visit that only waited for its turn on a busy node is not followed by a long pause', () => {
  datapath.work = () => void (now += 500);
  expect(pass(2, 5)).toBe(1);
  expect(pass(5, 6)).toBeGreaterThan(0);
});

describe('with two namespaces', () => {
  /** `shop` has ends that can still join or none; `bank` has counted so many bytes. */
  const counting = (learning: number, bytes: number): FakeDatapath['counted'] => ({
    namespaces: [...snapshotOf(learning).namespaces, { ...noCounters('bank'), open: 2, fastBytes: BigInt(bytes) }], joinedSockets: 0, drainingSockets: 0,
  });
  /** What was visited in each of the seconds. */
  const scannedIn = (seconds: number, learning: number, bytesEach: number): string[] => Array.from({ length: seconds }, () => {
    const before = datapath.scannedNamespaces.length;
    schedule.step(datapath, counting(learning, bytesEach * now));
    now += 1000;
    return datapath.scannedNamespaces.slice(before).map((names) => (names === undefined ? 'all' : [...names].join())).join('|');
  });

  test('all pods are visited every ten seconds, and between these only namespaces in which something can still join', () => {
    expect(scannedIn(9, 5, 1).filter((each) => each !== '')).toEqual(['all', 'shop', 'shop']);
    expect(scannedIn(30, 5, 1).filter((each) => each === 'all')).toHaveLength(3);
  });

  test('whoever offers itself meets the namespaces that were left out before it is looked at again', () => {
    scannedIn(3, 5, 1);
    datapath.steps = [2, 0, 0];
    expect(scannedIn(10, 5, 1).find((each) => each !== '')).toBe('shop|bank|shop');
  });

  test('with all settled they are visited every ten seconds, and once a minute while nothing is counted on the node', () => {
    const every = (seconds: number, from: readonly string[]): string[] => from.filter((_, second) => second % seconds === 0);
    expect(every(10, scannedIn(60, 0, 1))).toEqual(Array(6).fill('all'));
    scannedIn(60, 0, 0);
    expect(scannedIn(120, 0, 0).filter((each) => each === 'all')).toHaveLength(2);
    expect(scannedIn(1, 0, 1)).toEqual(['all']);
  });

  test('namespaces in which something can still join are visited on a still node too', () => {
    scannedIn(120, 5, 0);
    const seen = scannedIn(60, 5, 0);
    expect(seen.filter((each) => each === 'all')).toHaveLength(1);
    expect(seen.filter((each) => each === 'shop').length).toBeGreaterThanOrEqual(4);
  });

  test('a new selection is visited at once, however still the node is', () => {
    scannedIn(115, 0, 0);
    schedule.hurry();
    expect(scannedIn(1, 0, 0)).toEqual(['all']);
  });
});

test('when a connection has left the map its reader is looked after at once', () => {
  pass(60, 0);
  const before = datapath.scanned;
  schedule.step(datapath, { namespaces: [{ ...noCounters('shop'), open: 2, left: 1n }], joinedSockets: 0, drainingSockets: 0 });
  expect(datapath.scanned).toBe(before + 1);
});

test('a kernel without visits is not visited', () => {
  datapath.canScan = false;
  expect(pass(10, 5)).toBe(0);
});
