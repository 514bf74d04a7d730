import { FakeDatapath, noCounters } from './datapath.testing';
import { ScanSchedule } from './scanSchedule';

let now = 0;
let worked = 0;
let datapath: FakeDatapath;
let scans: ScanSchedule;
beforeEach(() => {
  now = 100_000;
  datapath = new FakeDatapath();
  scans = new ScanSchedule(() => now, () => worked);
});

const snapshotOf = (ends: number): FakeDatapath['counted'] => ({
  namespaces: [{ ...noCounters('shop'), open: ends, reasons: new Map([['Learning', ends]]) }], joinedSockets: 0, drainingSockets: 0,
});

/** Lets seconds pass, with one step each; returns the number of scans. */
function pass(seconds: number, ends: number): number {
  const before = datapath.visited;
  for (let n = 0; n < seconds; n++, now += 1000) scans.step(datapath, snapshotOf(ends));
  return datapath.visited - before;
}

test('unknown readers are watched for two seconds, and the scan after that trusts them', () => {
  datapath.strangers = [1];
  expect(pass(1, 5)).toBe(1);
  expect(datapath.told).toEqual(['watch readers']);
  expect(pass(1, 5)).toBe(0);
  datapath.steps = [1];
  pass(1, 5);
  expect(datapath.trusted).toEqual([false, true, false]);
});

test('the first scan trusts readers where they are always watched', () => {
  datapath.watching = 'Always';
  expect(pass(1, 5)).toBe(1);
  expect(datapath.trusted).toEqual([true]);
  expect(datapath.told).toEqual([]);
});

test('no scan trusts readers where they can never be watched', () => {
  datapath.watching = 'Never';
  datapath.strangers = [1, 1, 1, 1];
  pass(60, 5);
  expect(new Set(datapath.trusted)).toEqual(new Set([false]));
  expect(datapath.told).toEqual([]);
});

test('unknown readers are trusted in the namespaces of the scan that found them, and in no other', () => {
  const others = { ...noCounters('bank'), open: 2 };
  const seen = (): void => scans.step(datapath, { namespaces: [...snapshotOf(5).namespaces, others], joinedSockets: 0, drainingSockets: 0 });
  seen(); // scans all pods
  datapath.strangers = [1];
  for (let n = 0; n < 9; n++, now += 1000) seen();
  const at = datapath.trusted.indexOf(true);
  expect([...(datapath.visitedNamespaces[at] ?? [])]).toEqual(['shop']);
});

test('a scan that made progress is repeated at once, up to four scans', () => {
  datapath.steps = [4, 4, 4, 4, 4];
  expect(pass(1, 5)).toBe(4);
});

test('scans become less frequent while nothing changes, and a new connection causes one', () => {
  pass(3, 5);
  const first = pass(15, 5);
  expect(first).toBeLessThan(6);
  expect(pass(20, 5)).toBeLessThanOrEqual(3);
  expect(pass(2, 6)).toBe(1);
});

test('a new connection end with the reason SplicingReader causes a scan at once', () => {
  pass(60, 1);
  const before = datapath.visited;
  scans.step(datapath, { namespaces: [{ ...noCounters('shop'), open: 2, reasons: new Map([['SplicingReader', 2]]) }], joinedSockets: 0, drainingSockets: 0 });
  expect(datapath.visited).toBe(before + 1);
});

test('a scan that takes much processor time is followed by a long pause, which is shorter while connections are learnt', () => {
  datapath.work = () => void (worked += 500);
  expect(pass(3, 5)).toBe(1);
  expect(pass(22, 6)).toBe(0);
  expect(pass(2, 6)).toBe(1);
  expect(pass(26, 0)).toBe(1);
  expect(pass(90, 0)).toBe(0);
});

test('a scan that takes long only because the node is busy is not followed by a long pause', () => {
  datapath.work = () => void (now += 500);
  expect(pass(2, 5)).toBe(1);
  expect(pass(5, 6)).toBeGreaterThan(0);
});

describe('with two namespaces', () => {
  /** Counters with `learning` ends of `shop` that can still be joined, and `bytes` sent in `bank`. */
  const counting = (learning: number, bytes: number): FakeDatapath['counted'] => ({
    namespaces: [...snapshotOf(learning).namespaces, { ...noCounters('bank'), open: 2, fastBytes: BigInt(bytes) }], joinedSockets: 0, drainingSockets: 0,
  });
  /** The namespaces that were scanned in each second. */
  const visitedIn = (seconds: number, learning: number, bytesEach: number): string[] => Array.from({ length: seconds }, () => {
    const before = datapath.visitedNamespaces.length;
    scans.step(datapath, counting(learning, bytesEach * now));
    now += 1000;
    return datapath.visitedNamespaces.slice(before).map((names) => (names === undefined ? 'all' : [...names].join())).join('|');
  });

  test('all pods are scanned every ten seconds, and in between only namespaces in which connections can still be joined', () => {
    expect(visitedIn(9, 5, 1).filter((each) => each !== '')).toEqual(['all', 'shop', 'shop']);
    expect(visitedIn(30, 5, 1).filter((each) => each === 'all')).toHaveLength(3);
  });

  test('after a scan with progress the namespaces that were left out are scanned before the next scan', () => {
    visitedIn(3, 5, 1);
    datapath.steps = [2, 0, 0];
    expect(visitedIn(10, 5, 1).find((each) => each !== '')).toBe('shop|bank|shop');
  });

  test('when no connection can be joined all pods are scanned every ten seconds, and every minute while no counter changes', () => {
    const every = (seconds: number, from: readonly string[]): string[] => from.filter((_, second) => second % seconds === 0);
    expect(every(10, visitedIn(60, 0, 1))).toEqual(Array(6).fill('all'));
    visitedIn(60, 0, 0);
    expect(visitedIn(120, 0, 0).filter((each) => each === 'all')).toHaveLength(2);
    expect(visitedIn(1, 0, 1)).toEqual(['all']);
  });

  test('namespaces in which connections can still be joined are scanned on an idle node too', () => {
    visitedIn(120, 5, 0);
    const seen = visitedIn(60, 5, 0);
    expect(seen.filter((each) => each === 'all')).toHaveLength(1);
    expect(seen.filter((each) => each === 'shop').length).toBeGreaterThanOrEqual(4);
  });

  test('a new selection is scanned at once, also on an idle node', () => {
    visitedIn(115, 0, 0);
    scans.hurry();
    expect(visitedIn(1, 0, 0)).toEqual(['all']);
  });
});

test('a connection that has left the map causes a scan at once', () => {
  pass(60, 0);
  const before = datapath.visited;
  scans.step(datapath, { namespaces: [{ ...noCounters('shop'), open: 2, left: 1n }], joinedSockets: 0, drainingSockets: 0 });
  expect(datapath.visited).toBe(before + 1);
});

test('nothing is scanned where the kernel cannot scan open connections', () => {
  datapath.visits = false;
  expect(pass(10, 5)).toBe(0);
});
