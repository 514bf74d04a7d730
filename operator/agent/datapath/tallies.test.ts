// Sums over CPUs.
import type { Enums, Tally } from './abi';
import { countersOf, openEnds } from './tallies';

const enums = {
  accelerated: 1,
  reasons: new Map([[2, 'Pairing'], [3, 'PeerElsewhere']]),
  gates: ['Open', 'Mode', 'Order'],
} as unknown as Enums;

const tally = (standing: number[], gate: number[], fast = 0, tcp = 0): Tally => ({
  standing: standing.map(BigInt),
  gate: gate.map(BigInt),
  fast_bytes: BigInt(fast),
  tcp_bytes: BigInt(tcp),
  adopted: 0n,
  left: 0n,
  nudged: 0n,
  unseen: 0n,
});

test('a connection opened on one CPU and closed on another counts as closed', () => {
  const copies = [tally([0, 3, 0, 1], [0, 0, 0]), tally([0, -2, 0, -1], [0, 0, 0])];
  expect(openEnds(copies)).toBe(1);
  expect(countersOf('shop', copies, enums, 0)).toMatchObject({ open: 1, accelerated: 1, reasons: new Map() });
});

test('a gauge caught between two CPUs is never negative', () => {
  expect(countersOf('shop', [tally([0, -1, 0, 2], [0, 0, 0])], enums, 0)).toMatchObject({ open: 2, accelerated: 0 });
});

test('bytes and gates are sums, and gates that nobody met are left out', () => {
  const copies = [tally([0, 0, 0, 0], [0, 0, 5], 10, 1), tally([0, 0, 0, 0], [0, 0, 2], 20, 2)];
  expect(countersOf('shop', copies, enums, 3)).toMatchObject({
    fastBytes: 30n,
    tcpBytes: 3n,
    passes: new Map([['Order', 7n]]),
    draining: 3,
  });
});
