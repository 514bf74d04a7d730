import { FakeDatapath, noCounters } from './datapath.testing';
import { ScanSchedule } from './scanSchedule';

let now = 0;
let worked = 0;
let datapath: FakeDatapath;
let schedule: ScanSchedule;
beforeEach(() => {
  now = 100_000;
  datapath = new FakeDatapath();
  schedule = new ScanSchedule(
    () => now,
    () => worked,
  );
});

const snapshotOf = (ends: number): FakeDatapath['counted'] => ({
  namespaces: [{ ...noCounters('shop'), open: ends, reasons: new Map([['Learning', ends]]) }],
  joinedSockets: 0,
  drainingSockets: 0,
});

/** Lets seconds pass, with one step in each. Returns the number of scans. */
function pass(seconds: number, ends: number): number {
  const before = datapath.scanned;
  for (let n = 0; n < seconds; n++, now += 1000) schedule.step(datapath, snapshotOf(ends));
  return datapath.scanned - before;
}

test('unknown readers are watched for two seconds, and the next scan trusts them', () => {
  datapath.unknownReaders = [1];
  expect(pass(1, 5)).toBe(1);
  expect(datapath.told).toEqual(['watch readers']);
  expect(pass(1, 5)).toBe(0);
  datapath.steps = [1];
  pass(1, 5);
  expect(datapath.trusted).toEqual([false, true, false]);
});

test('where readers are always watched, the first scan trusts them', () => {
  datapath.watching = 'Always';
  expect(pass(1, 5)).toBe(1);
  expect(datapath.trusted).toEqual([true]);
  expect(datapath.told).toEqual([]);
});

test('where readers cannot be watched, they are never trusted', () => {
  datapath.watching = 'Never';
  datapath.unknownReaders = [1, 1, 1, 1];
  pass(60, 5);
  expect(new Set(datapath.trusted)).toEqual(new Set([false]));
  expect(datapath.told).toEqual([]);
});

test('unknown readers are trusted in the namespaces where they were found, and in no other', () => {
  const others = { ...noCounters('bank'), open: 2 };
  const seen = (): void => schedule.step(datapath, { namespaces: [...snapshotOf(5).namespaces, others], joinedSockets: 0, drainingSockets: 0 });
  seen(); // all
  datapath.unknownReaders = [1];
  for (let n = 0; n < 9; n++, now += 1000) seen();
  const at = datapath.trusted.indexOf(true);
  expect([...(datapath.scannedNamespaces[at] ?? [])]).toEqual(['shop']);
});

test('steps of an adoption are taken one after the other, at most four at once', () => {
  datapath.steps = [4, 4, 4, 4, 4];
  expect(pass(1, 5)).toBe(4);
});

test('while no connection takes a step towards joining, scans become seldom, and a new connection causes a scan soon', () => {
  pass(3, 5);
  const first = pass(15, 5);
  expect(first).toBeLessThan(6);
  expect(pass(20, 5)).toBeLessThanOrEqual(3);
  expect(pass(2, 6)).toBe(1);
});

test('when the reader of an open connection is found to use splice(2), the agent scans all pods at once', () => {
  pass(60, 1);
  const before = datapath.scanned;
  schedule.step(datapath, {
    namespaces: [{ ...noCounters('shop'), open: 2, reasons: new Map([['SplicingReader', 2]]) }],
    joinedSockets: 0,
    drainingSockets: 0,
  });
  expect(datapath.scanned).toBe(before + 1);
});

test('a scan that takes much processor time is followed by a long pause, and by a shorter one while connections are in the state Learning', () => {
  datapath.work = () => void (worked += 500);
  expect(pass(3, 5)).toBe(1);
  expect(pass(22, 6)).toBe(0);
  expect(pass(2, 6)).toBe(1);
  expect(pass(26, 0)).toBe(1);
  expect(pass(90, 0)).toBe(0);
});

test('a scan that only waited for a processor on a busy node is not followed by a long pause', () => {
  datapath.work = () => void (now += 500);
  expect(pass(2, 5)).toBe(1);
  expect(pass(5, 6)).toBeGreaterThan(0);
});

describe('with two namespaces', () => {
  /** Namespace `shop` has so many ends that can still join; namespace `bank` has counted so many bytes. */
  const counting = (learning: number, bytes: number): FakeDatapath['counted'] => ({
    namespaces: [...snapshotOf(learning).namespaces, { ...noCounters('bank'), open: 2, fastBytes: BigInt(bytes) }],
    joinedSockets: 0,
    drainingSockets: 0,
  });
  /** The namespaces that were scanned in each of the seconds. */
  const scannedIn = (seconds: number, learning: number, bytesEach: number): string[] =>
    Array.from({ length: seconds }, () => {
      const before = datapath.scannedNamespaces.length;
      schedule.step(datapath, counting(learning, bytesEach * now));
      now += 1000;
      return datapath.scannedNamespaces
        .slice(before)
        .map((names) => (names === undefined ? 'all' : [...names].join()))
        .join('|');
    });

  test('all pods are scanned every ten seconds, and in between only namespaces in which connections can still join', () => {
    expect(scannedIn(9, 5, 1).filter((each) => each !== '')).toEqual(['all', 'shop', 'shop']);
    expect(scannedIn(30, 5, 1).filter((each) => each === 'all')).toHaveLength(3);
  });

  test('after a step, namespaces that the scan left out are scanned before the next step', () => {
    scannedIn(3, 5, 1);
    datapath.steps = [2, 0, 0];
    expect(scannedIn(10, 5, 1).find((each) => each !== '')).toBe('shop|bank|shop');
  });

  test('while no connection can join, pods are scanned every ten seconds, and once a minute while nothing is counted on the node', () => {
    const every = (seconds: number, from: readonly string[]): string[] => from.filter((_, second) => second % seconds === 0);
    expect(every(10, scannedIn(60, 0, 1))).toEqual(Array(6).fill('all'));
    scannedIn(60, 0, 0);
    expect(scannedIn(120, 0, 0).filter((each) => each === 'all')).toHaveLength(2);
    expect(scannedIn(1, 0, 1)).toEqual(['all']);
  });

  test('namespaces in which connections can still join are scanned on a still node too', () => {
    scannedIn(120, 5, 0);
    const seen = scannedIn(60, 5, 0);
    expect(seen.filter((each) => each === 'all')).toHaveLength(1);
    expect(seen.filter((each) => each === 'shop').length).toBeGreaterThanOrEqual(4);
  });

  test('a new selection is scanned at once, also on a still node', () => {
    scannedIn(115, 0, 0);
    schedule.hurry();
    expect(scannedIn(1, 0, 0)).toEqual(['all']);
  });
});

test('when a connection has left the SOCKHASH, the pods are scanned at once', () => {
  pass(60, 0);
  const before = datapath.scanned;
  schedule.step(datapath, { namespaces: [{ ...noCounters('shop'), open: 2, left: 1n }], joinedSockets: 0, drainingSockets: 0 });
  expect(datapath.scanned).toBe(before + 1);
});

test('a kernel that cannot scan is not asked to', () => {
  datapath.canScan = false;
  expect(pass(10, 5)).toBe(0);
});
