// States that the console's test shows: a finished bench, a node that cannot accelerate, and a rollout that is half done.
import type { BenchResult } from '../../../operator/cli/bench/result';

const benchRun = (protocol: 'tcp' | 'http', mode: 'Off' | 'Accelerate', at: number, qps: number, ms: number) => ({
  protocol,
  mode,
  round: at,
  qps,
  avgMs: ms,
  p50Ms: 0.9 * ms,
  p99Ms: 2.2 * ms,
  requests: 5 * qps,
  errors: 0,
});
export const benchResult: Omit<BenchResult, 'server'> = {
  version: 1,
  at: '2026-01-01T00:00:00.000Z',
  accelctl: '0.1.0',
  node: { name: 'node2', kernel: '6.12.0', cpus: '4' },
  sidecars: true,
  plan: { rounds: 1, seconds: 5, connections: 32, payloadBytes: 1024, image: 'fortio' },
  runs: [
    benchRun('tcp', 'Off', 1, 13_500, 4.7),
    benchRun('tcp', 'Accelerate', 1, 19_600, 3.2),
    benchRun('http', 'Off', 1, 5_850, 10.9),
    benchRun('http', 'Accelerate', 1, 7_670, 8.3),
  ],
  fastShare: 0.991,
};

export const tooOld = { reason: 'KernelTooOld', nodes: 1, examples: ['node4'], message: 'the kernel is 4.18.0, and 5.10 is needed' };

export const rolling = {
  stage: 'Rolling',
  message: '2 of 4 nodes have the newest agents; next: node3',
  to: '7c9f',
  from: '5b2a',
  remaining: 2,
  revisions: [
    { revision: '7c9f', updated: 2, verifying: 1, failed: 0 },
    { revision: '5b2a', updated: 1, verifying: 0, failed: 0 },
  ],
};
