// Tests of the counters of a namespace, and of the sum over CPUs.
import type { Enums, Statistics } from './abi';
import { sumOfCopies } from './sum';
import { countersOf, openEnds } from './statistics';

const enums = {
  accelerated: 1,
  reasons: new Map([
    [2, 'Pairing'],
    [3, 'PeerElsewhere'],
  ]),
  gates: ['Open', 'Mode', 'Order'],
} as unknown as Enums;

const statistics = (reasons: number[], gates: number[], fast = 0, tcp = 0): Statistics => ({
  reasons: reasons.map(BigInt),
  gates: gates.map(BigInt),
  fast_bytes: BigInt(fast),
  tcp_bytes: BigInt(tcp),
  adopted: 0n,
  left: 0n,
  woken: 0n,
  unseen: 0n,
  unfollowed: 0n,
});

test('a gauge is never negative, also where one CPU is read before another', () => {
  expect(countersOf('shop', statistics([0, -1, 0, 2], [0, 0, 0]), enums, 0)).toMatchObject({
    open: 2,
    accelerated: 0,
    reasons: new Map([['PeerElsewhere', 2]]),
  });
});

test('the number of open connection ends is the sum over all reasons', () => {
  expect(openEnds(statistics([0, 1, 3, 0], [0, 0, 0]))).toBe(4);
});

test('bytes and gates are reported, and gates without messages are left out', () => {
  expect(countersOf('shop', statistics([0, 0, 0, 0], [0, 0, 7], 30, 3), enums, 3)).toMatchObject({
    fastBytes: 30n,
    tcpBytes: 3n,
    passes: new Map([['Order', 7n]]),
    draining: 3,
  });
});

describe('sumOfCopies() of a per-CPU map', () => {
  /** The sum of copies, one for each CPU. */
  const summed = (...copies: bigint[][]): bigint[] => [
    ...new BigInt64Array(new Uint8Array(sumOfCopies(Buffer.from(new BigInt64Array(copies.flat()).buffer), 8 * (copies[0]?.length ?? 0))).buffer),
  ];

  test('adds up each counter over the CPUs, so that a connection that was opened on one CPU and closed on another counts as closed', () => {
    expect(summed([3n, 0n, 7n], [-2n, 0n, 1n])).toEqual([1n, 0n, 8n]);
    expect(summed([1n], [-3n])).toEqual([-2n]);
  });

  test('carries from the lower 32 bits of a counter into the upper 32 bits, with as many CPUs as Linux allows', () => {
    expect(summed([0xffff_ffffn], [1n])).toEqual([0x1_0000_0000n]);
    expect(summed(...Array.from({ length: 8192 }, () => [0xff_ffff_ffffn, -1n]))).toEqual([8192n * 0xff_ffff_ffffn, -8192n]);
  });
});
