import type { ConnectionEnd, DescribedEnd } from '../datapath/contract';
import { Busiest } from './busiest';
import { endWith } from './ends.testing';

let made: number;
beforeEach(() => {
  made = 0;
});

function described(cookie: number, sent: number, accelerated = false): DescribedEnd {
  const whole = (): ConnectionEnd => {
    made++;
    return endWith({ cookie: BigInt(cookie) });
  };
  return { accelerated, fastBytes: sent, tcpBytes: 0, rttUs: 10 * cookie, whole };
}
const cookies = (busiest: Busiest): number[] =>
  busiest
    .ends()
    .map(({ cookie }) => Number(cookie))
    .sort((a, b) => a - b);

test('the ends that have sent the most are kept, and the sums are over all ends', () => {
  const busiest = new Busiest(2);
  busiest.add([described(1, 5), described(2, 9, true), described(3, 1)]);
  busiest.add([described(4, 7), described(5, 0)]);
  expect(cookies(busiest)).toEqual([2, 4]);
  expect(busiest.all()).toEqual({ open: 5, accelerated: 1, fastBytes: 22, tcpBytes: 0, rttUs: 30 });
});

test('all ends are kept up to the limit, also those that have sent nothing', () => {
  const busiest = new Busiest(2);
  busiest.add([described(1, 0), described(2, 0)]);
  expect(cookies(busiest)).toEqual([1, 2]);
});

test('of a hundred thousand ends, each with fewer bytes than the one before, twice the limit are decoded', () => {
  const busiest = new Busiest(10);
  for (let n = 100_000; n > 0; n--) busiest.add([described(n, n)]);
  expect(busiest.ends()).toHaveLength(10);
  expect(made).toBeLessThanOrEqual(20);
});

test('the sums over no end are 0', () => {
  expect(new Busiest(1).all()).toEqual({ open: 0, accelerated: 0, fastBytes: 0, tcpBytes: 0, rttUs: 0 });
});
