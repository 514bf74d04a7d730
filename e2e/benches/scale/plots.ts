// One picture of four panels: how figures grow with the number of nodes.
import { draw } from '../plots/draw';
import { palette } from '../plots/theme';
import { figures, type Metric } from './figures';
import type { Row } from './results';

interface Panel {
  readonly title: string;
  readonly metrics: readonly Metric[];
  /** The names of the lines, in the order of the metrics. */
  readonly lines: readonly string[];
}

const panels: readonly Panel[] = [
  { title: 'from a report to the status', metrics: ['freshness_p50', 'freshness_p99'], lines: ['median', 'p99'] },
  { title: 'from a changed spec to the agents', metrics: ['order_p50', 'order_p99'], lines: ['median', 'p99'] },
  { title: "controller's memory", metrics: ['controller_rss'], lines: ['resident'] },
  { title: "controller's CPU", metrics: ['controller_cpu', 'simulators_cpu'], lines: ['controller', 'simulated agents'] },
  { title: 'all agents served after a kill', metrics: ['storm_p50', 'storm_last'], lines: ['median', 'last'] },
  { title: 'asked of the API server', metrics: ['api_requests'], lines: ['requests'] },
];
const columns = 3;
const size = { width: 230, height: 170 };

/** File name → SVG; empty when nothing was measured. */
export async function pictures(rows: readonly Row[]): Promise<ReadonlyMap<string, string>> {
  const drawn = panels.map((panel) => panelOf(panel, rows)).filter((panel) => panel !== undefined);
  if (drawn.length === 0) return new Map();
  return new Map([['scale.svg', await draw({ concat: drawn, columns, spacing: 40, resolve: { scale: { color: 'independent' } } })]]);
}

function panelOf({ title, metrics, lines }: Panel, rows: readonly Row[]): object | undefined {
  const values = rows.flatMap(({ nodes, metric, value }) => {
    const index = metrics.findIndex((each) => each === metric);
    return index < 0 ? [] : [{ nodes, value, line: lines[index] }];
  });
  const [first] = metrics;
  if (values.length === 0 || first === undefined) return undefined;
  const { unit } = figures[first];
  const goals = metrics.flatMap((metric) => ('atMost' in figures[metric] ? [figures[metric].atMost] : []));
  const x = { field: 'nodes', type: 'quantitative', title: 'nodes', axis: { values: [...new Set(values.map(({ nodes }) => nodes))], format: 'd' } };
  const y = { field: 'value', type: 'quantitative', title: unit, scale: { zero: true } };
  const color = {
    field: 'line',
    type: 'nominal',
    sort: lines,
    scale: { domain: lines, range: palette.lines },
    legend: { title: null, orient: 'bottom' },
  };
  return {
    ...size,
    title,
    layer: [
      { data: { values }, mark: { type: 'line', strokeWidth: 1.5 }, encoding: { x, y, color } },
      { data: { values }, mark: { type: 'point', filled: true, size: 40, opacity: 1 }, encoding: { x, y, color } },
      ...goals.map((goal) => ({
        data: { values: [{ goal, words: 'must not exceed' }] },
        layer: [
          { mark: { type: 'rule', strokeDash: [6, 3], strokeWidth: 1.5, color: palette.goal }, encoding: { y: { datum: goal } } },
          {
            mark: { type: 'text', align: 'right', dy: -8, fontSize: 11, color: palette.goal },
            encoding: { y: { datum: goal }, x: { value: size.width }, text: { field: 'words' } },
          },
        ],
      })),
    ],
  };
}
