import { parseReport } from './load';

const report = {
  ActualQPS: 1234.5,
  RetCodes: { '200': 98, '503': 2 },
  DurationHistogram: {
    Count: 100,
    Avg: 0.002,
    Percentiles: [
      { Percentile: 50, Value: 0.0015 },
      { Percentile: 99, Value: 0.01 },
    ],
  },
};

test('a report in seconds becomes milliseconds, and every code but success counts as an error', () => {
  expect(parseReport(JSON.stringify(report))).toEqual({ requests: 100, qps: 1234.5, avgMs: 2, p50Ms: 1.5, p99Ms: 10, errors: 2 });
});

test('the success code of a TCP run counts as success', () => {
  expect(parseReport(JSON.stringify({ ...report, RetCodes: { OK: 100 } })).errors).toBe(0);
});

test('a report of another form is refused and not read as zeros', () => {
  expect(() => parseReport('{"Version": "2"}')).toThrow(/ActualQPS/);
});
