import { page } from './page';
import { merged, type Row } from './results';

const rows: Row[] = [
  { nodes: 500, namespaces: 1000, metric: 'order_p99', value: 812, unit: 'ms' },
  { nodes: 5000, namespaces: 1000, metric: 'order_p99', value: 2345, unit: 'ms' },
  { nodes: 1, namespaces: 1, metric: 'agent_rss', value: 74.2, unit: 'MiB' },
];

it('shows a column for every size, and a value that misses its bound in bold', () => {
  expect(page(rows)).toContain('| a changed spec is at an agent, p99 (ms) | ≤ 2,000 | 812 | **2,350** |');
  expect(page(rows)).toContain("| agent's resident memory (MiB) | ≤ 80 | 74.2 |");
});

it('leaves out figures that were not measured', () => {
  expect(page(rows.slice(0, 1))).not.toContain('One agent');
  expect(page(rows.slice(2))).not.toContain('The controller');
});

it('keeps the rows of earlier runs beside new rows', () => {
  const again: Row = { nodes: 5000, namespaces: 1000, metric: 'order_p99', value: 1200, unit: 'ms' };
  expect(merged(rows, [again]).map(({ nodes, value }) => [nodes, value])).toEqual([
    [1, 74.2],
    [500, 812],
    [5000, 1200],
  ]);
});
