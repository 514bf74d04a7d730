import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { merged, printMeasurements, readMeasurements, type MeasuredCase } from './measurements';

const measured = (name: string, rounds: number, rttUs: number): MeasuredCase => ({
  experiment: 'round-trips',
  case: name,
  kernel: '6.18',
  cpus: 2,
  congestion: 'cubic',
  date: '2026-01-02',
  load: 0.5,
  plannedRounds: 2,
  rounds: Array.from({ length: rounds }, () => ({ tcp: { rttUs } })),
});

let directory: string;
beforeEach(() => (directory = mkdtempSync(join(tmpdir(), 'measurements-'))));
afterEach(() => rmSync(directory, { recursive: true }));

test('measurements that are written and read again are the same to five digits', () => {
  const path = join(directory, 'measurements.json');
  writeFileSync(path, printMeasurements([measured('1 B', 2, 1.23456789)]));
  expect(readMeasurements(path)).toEqual([measured('1 B', 2, 1.2346)]);
});

test('a file of another form is refused, and the error says what to do', () => {
  const path = join(directory, 'measurements.json');
  writeFileSync(path, '[{"case": 1}]');
  expect(() => readMeasurements(path)).toThrow(/remove it to measure everything anew/);
});

test('a new measurement of a case replaces the old one and leaves other cases as they were', () => {
  expect(merged([measured('1 B', 2, 1), measured('64 B', 2, 2)], [measured('1 B', 2, 3)])).toEqual([measured('64 B', 2, 2), measured('1 B', 2, 3)]);
});

test('an interrupted measurement does not replace a complete one', () => {
  expect(merged([measured('1 B', 2, 1)], [measured('1 B', 1, 3)])).toEqual([measured('1 B', 2, 1)]);
  expect(merged([measured('1 B', 1, 1)], [measured('1 B', 1, 3)])).toEqual([measured('1 B', 1, 3)]);
});
