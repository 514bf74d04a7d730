import { replaceBlock } from './markers';
import { measuredTable } from './measured';

function run(mode: string, qps: number, path = 'same node') {
  return { protocol: 'tcp', path, mode, qps, avgMs: 1, p99Ms: 2, kernelCpuUsPerRequest: 100, errors: 0 };
}

describe('the measured table', () => {
  it('shows medians, and the ratios of the pairs of runs', () => {
    const runs = [run('Off', 100), run('Accelerate', 140), run('Off', 90), run('Accelerate', 180), run('Off', 120), run('Accelerate', 180)];
    expect(measuredTable({ runs })).toContain('| TCP, same node | 100 → 180 (×1.50; 1.40–2.00) | 1.00 → 1.00 (×1.00; 1.00–1.00) |');
    expect(measuredTable({ runs })).toContain('Medians of 3 interleaved pairs of runs');
  });

  it('leaves out a path that was run in one mode only', () => {
    const runs = [run('Off', 100), run('Accelerate', 140), run('Off', 90, 'to the other node')];
    expect(measuredTable({ runs })).not.toContain('other node');
  });

  it('counts the errors of all runs', () => {
    expect(measuredTable({ runs: [run('Off', 1), { ...run('Accelerate', 1), errors: 7 }] })).toContain('7 failed requests');
  });

  it('fails when no path was run in both modes', () => {
    expect(() => measuredTable({ runs: [run('Off', 1)] })).toThrow('run make demo');
  });
});

describe('a generated block', () => {
  it('replaces only the text between its markers', () => {
    expect(replaceBlock('a\n<!-- x:begin -->\nold\n<!-- x:end -->\nb\n', 'x', 'new')).toBe('a\n<!-- x:begin -->\nnew\n<!-- x:end -->\nb\n');
  });

  it('fails when the page lacks its markers', () => {
    expect(() => replaceBlock('a', 'x', 'new')).toThrow('put them in');
  });
});
