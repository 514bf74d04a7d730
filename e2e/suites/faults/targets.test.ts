import type { Failover, Failovers } from './results';
import { missed, times } from './targets';

const round = (fault: Failover['fault'], leadsMs: number): Failover => ({ fault, leadsMs, ordersMs: leadsMs + 100 });
const of = (rounds: Failover[], strayWrites: string[] = []): Failovers => ({ controllers: 3, rounds, writes: 9, strayWrites });

test('rounds are told apart by their fault', () => {
  expect(times([round('SIGKILL', 1), round('SIGSTOP', 2)], 'SIGSTOP', 'ordersMs')).toEqual([102]);
});

test('a leader that is too late and each stray write have a line, and nothing else has', () => {
  expect(missed(of([round('SIGKILL', 15_000), round('SIGSTOP', 40_000)]))).toEqual([]);
  expect(missed(of([round('SIGKILL', 15_001)], ['x']))).toEqual([expect.stringContaining('15001 ms'), 'written without holding the Lease: x']);
});
