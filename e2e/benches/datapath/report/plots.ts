// One picture for each experiment: the values of each side, and beside them the ratios with their spread and their goal.
import { comparisonsOf, middle, valuesOf } from '../comparison';
import type { Experiment } from '../experiment';
import { figures, type Figure } from '../figures';
import type { MeasuredCase } from '../measurements';
import { quantities } from '../quantities';
import { draw } from '../../plots/draw';
import { palette } from '../../plots/theme';
import { goalValue, goalWords, sideNames } from './words';

const panel = { width: 330, height: 240 };

/** The name of an experiment's picture beside the page. */
export function plotFile({ name }: Experiment): string {
  return `${name}.svg`;
}

/** @returns SVG, readable on light and on dark paper */
export async function plot(experiment: Experiment, measured: readonly MeasuredCase[]): Promise<string> {
  const own = figures.filter((figure) => figure.experiment === experiment);
  const panels = [...absolutePanels(experiment, own, measured), ratioPanel(experiment, own, measured)];
  return draw({ hconcat: panels, spacing: 40, resolve: { scale: { color: 'independent', shape: 'independent' } } });
}

/** When the cases of an experiment have different units, its picture has the ratios only. */
function absolutePanels(experiment: Experiment, own: readonly Figure[], measured: readonly MeasuredCase[]): object[] {
  const [first] = own;
  if (first === undefined || first.quantity === 'workPerSecond') return [];
  const { title, unit } = quantities[first.quantity];
  const values = casesOf(experiment, measured).flatMap(({ it, found }) =>
    experiment.sides.map((side) => {
      const rounds = valuesOf(found, side, first.quantity);
      return {
        x: it.x,
        line: `${sideNames[side]}${suffix(experiment, it.series)}`,
        y: middle(found, side, first.quantity),
        low: Math.min(...rounds),
        high: Math.max(...rounds),
      };
    }),
  );
  return [
    {
      ...panel,
      title: `${title}, ${unit}`,
      ...marks(experiment, values, {
        title: `${title} (${unit})`,
        scale: wide(
          values.map(({ low }) => low),
          values.map(({ high }) => high),
        ),
      }),
    },
  ];
}

function ratioPanel(experiment: Experiment, own: readonly Figure[], measured: readonly MeasuredCase[]): object {
  const values = own.flatMap((figure) =>
    comparisonsOf(figure, measured).map(({ measured: { case: name }, ratio }) => {
      const it = experiment.cases.find((each) => each.name === name);
      return {
        x: it?.x,
        line: `${sideNames[figure.side]} / ${sideNames[figure.against]}${suffix(experiment, it?.series ?? '')}`,
        y: ratio.median,
        low: ratio.low,
        high: ratio.high,
      };
    }),
  );
  const layered = marks(experiment, values, { title: 'ratio (1 is no difference)', scale: { type: 'linear', zero: false } });
  const goals = own.flatMap(({ must = [] }) => must.map(({ goal }) => goal));
  const lines = goals.map((goal) => ({
    data: { values: [{ goal: goalValue(goal), words: `must be ${goalWords(goal)}` }] },
    layer: [
      { mark: { type: 'rule', strokeDash: [6, 3], strokeWidth: 1.5, color: palette.goal }, encoding: { y: { datum: goalValue(goal) } } },
      {
        mark: { type: 'text', align: 'right', dy: 10, fontSize: 11, color: palette.goal },
        encoding: { y: { datum: goalValue(goal) }, x: { value: panel.width }, text: { field: 'words' } },
      },
    ],
  }));
  const better = new Set(own.map(({ quantity }) => quantities[quantity].better));
  const title = { text: 'ratio of the rounds', subtitle: `median, lowest and highest round; ${[...better].join(' or ')} is better` };
  return {
    ...panel,
    title,
    ...layered,
    layer: [{ mark: { type: 'rule', color: palette.ink, strokeWidth: 0.75 }, encoding: { y: { datum: 1 } } }, ...layered.layer, ...lines],
  };
}

interface Point {
  readonly x: string | undefined;
  readonly line: string;
  readonly y: number | undefined;
  readonly low: number;
  readonly high: number;
}

/** Points with their spread: side by side when they have the same x, joined by a line when x is ordered. */
function marks({ axis, cases }: Experiment, values: readonly Point[], y: { title: string; scale: object }) {
  const order = [...new Set(cases.map(({ x }) => x))];
  const lines = [...new Set(values.map(({ line }) => line))];
  const x = {
    field: 'x',
    type: 'ordinal',
    sort: order,
    title: axis.title,
    axis: { labelAngle: 0, labelLimit: 150 },
    scale: { type: 'point', padding: 0.5 },
  };
  const colour = {
    field: 'line',
    type: 'nominal',
    sort: lines,
    scale: { domain: lines, range: palette.lines },
    legend: { title: null, orient: 'bottom', columns: 1 },
  };
  const shape = { field: 'line', type: 'nominal', sort: lines, scale: { domain: lines } };
  const shift = { field: 'line', sort: lines, scale: { range: [-3 * (lines.length - 1), 3 * (lines.length - 1)] } };
  const at = { x, xOffset: shift, color: colour, shape };
  return {
    data: { values },
    layer: [
      ...(axis.ordered
        ? [{ mark: { type: 'line', strokeWidth: 1.5, opacity: 0.6 }, encoding: { ...at, shape: undefined, y: { field: 'y', type: 'quantitative' } } }]
        : []),
      {
        mark: { type: 'rule', strokeWidth: 1.5 },
        encoding: { ...at, shape: undefined, y: { field: 'low', type: 'quantitative', ...y }, y2: { field: 'high' } },
      },
      { mark: { type: 'point', filled: true, size: 45, opacity: 1 }, encoding: { ...at, y: { field: 'y', type: 'quantitative' } } },
    ],
  };
}

/** Chooses a logarithmic axis when the values span more than a factor of twenty. */
function wide(lows: readonly number[], highs: readonly number[]): object {
  const [low, high] = [Math.min(...lows), Math.max(...highs)];
  return low > 0 && high / low > 20 ? { type: 'log' } : { type: 'linear', zero: true };
}

function suffix({ cases }: Experiment, series: string): string {
  return new Set(cases.map((each) => each.series)).size > 1 ? `, ${series}` : '';
}

function casesOf({ name, cases }: Experiment, measured: readonly MeasuredCase[]) {
  return cases.flatMap((it) => {
    const found = measured.find((each) => each.experiment === name && each.case === it.name);
    return found === undefined ? [] : [{ it, found }];
  });
}
