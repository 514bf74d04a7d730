import { FakeDatapath, noCounters } from './datapath.testing';
import { Visits } from './visits';

let now = 0;
let worked = 0;
let datapath: FakeDatapath;
let visits: Visits;
beforeEach(() => {
  now = 100_000;
  datapath = new FakeDatapath();
  visits = new Visits(() => now, () => worked);
});

const learning = (ends: number): FakeDatapath['counted'] => ({
  namespaces: [{ ...noCounters('shop'), open: ends, reasons: new Map([['Learning', ends]]) }], joinedSockets: 0, drainingSockets: 0,
});

/** Lets seconds pass, one step each; returns how often it visited. */
function pass(seconds: number, ends: number): number {
  const before = datapath.visited;
  for (let n = 0; n < seconds; n++, now += 1000) visits.step(datapath, learning(ends));
  return datapath.visited - before;
}

test('what is new is visited once its reader has been watched for two seconds', () => {
  expect(pass(2, 5)).toBe(0);
  expect(datapath.told).toContain('watch readers');
  expect(pass(1, 5)).toBe(1);
});

test('steps towards joining are taken one after the other, at most three at once', () => {
  datapath.steps = [4, 4, 4, 4];
  pass(2, 5);
  expect(pass(1, 5)).toBe(3);
});

test('while nothing moves it looks less and less often, and anew when something new comes', () => {
  pass(3, 5);
  const first = pass(15, 5);
  expect(first).toBeLessThan(6);
  expect(pass(20, 5)).toBeLessThanOrEqual(3);
  expect(pass(2, 6)).toBe(1);

});

test('where the kernel lets nobody visit, readers are watched all the time', () => {
  datapath.visits = false;
  pass(90, 0);
  expect(datapath.told.filter((what) => what === 'watch readers').length).toBe(1);
  expect(datapath.told).not.toContain('leave readers alone');
});

test('with everything settled readers are watched for a second in thirty only', () => {
  pass(1, 0);
  expect(visits.watching).toBe(true);
  pass(89, 0);
  expect(visits.watching).toBe(false);
  const watched = datapath.told.filter((what) => what === 'watch readers').length;
  expect(watched).toBe(3);
  expect(datapath.told.filter((what) => what === 'leave readers alone').length).toBe(3);
});

test('a visit that takes much work is followed by a long pause, a shorter one while something is learnt', () => {
  datapath.work = () => void (worked += 500);
  expect(pass(3, 5)).toBe(1);
  expect(pass(24, 6)).toBe(0);
  expect(pass(2, 6)).toBe(1);
  expect(pass(26, 0)).toBe(1);
  expect(pass(90, 0)).toBe(0);
});

test('a visit that only waited for its turn on a busy node is not followed by a long pause', () => {
  datapath.work = () => void (now += 500);
  expect(pass(3, 5)).toBe(1);
  expect(pass(5, 6)).toBeGreaterThan(0);
});

test('at first and now and then it visits all pods, between these only namespaces in which something can still join', () => {
  pass(9, 5);
  expect(datapath.visitedNamespaces).toEqual([undefined, new Set(['shop']), new Set(['shop'])]);
  pass(12, 5);
  expect(datapath.visitedNamespaces.slice(3)).toContain(undefined);
});

test('when a connection has left the map its reader is looked after at once', () => {
  pass(60, 0);
  const before = datapath.visited;
  visits.step(datapath, { namespaces: [{ ...noCounters('shop'), open: 2, left: 1n }], joinedSockets: 0, drainingSockets: 0 });
  expect(datapath.visited).toBe(before + 1);
});

test('a kernel without visits is not visited, but its readers are watched', () => {
  datapath.visits = false;
  expect(pass(10, 5)).toBe(0);
  expect(datapath.told).toEqual(['watch readers']);
});
