// The table of the demo: a row for each scenario, with the medians of both modes over the rounds, and their ratio with its spread.
import Table from 'cli-table3';
import { compared } from '../../../operator/cli/bench/comparison';
import type { MeasuredRun } from './measure';
import { scenarios, type Scenario } from './scenarios';

/** A column, with the figure that it shows for both modes. */
interface Figure {
  readonly title: string;
  readonly value: (run: MeasuredRun) => number;
  readonly digits: number;
}

const figures: readonly Figure[] = [
  { title: 'QPS', value: (run) => run.qps, digits: 0 },
  { title: 'average ms', value: (run) => run.avgMs, digits: 2 },
  { title: 'p50 ms', value: (run) => run.p50Ms, digits: 2 },
  { title: 'p99 ms', value: (run) => run.p99Ms, digits: 2 },
  { title: 'kernel CPU µs/request', value: (run) => run.kernelCpuUsPerRequest, digits: 1 },
];

/** Draws the table from the runs in modes `Off` and `Accelerate`; runs of `Before` are left out. */
export function comparisonTable(runs: readonly MeasuredRun[]): string {
  const table = new Table({
    head: ['', ...figures.map((figure) => `${figure.title}\noff → on`), 'errors'],
    style: { head: [], border: [] },
  });
  for (const scenario of scenarios) table.push(rowOf(scenario, runs));
  return table.toString();
}

function rowOf(scenario: Scenario, runs: readonly MeasuredRun[]): string[] {
  const own = runs.filter((run) => run.protocol === scenario.protocol && run.path === scenario.title);
  const off = own.filter((run) => run.mode === 'Off');
  const on = own.filter((run) => run.mode === 'Accelerate');
  const errors = [...off, ...on].reduce((sum, run) => sum + run.errors, 0);
  const name = `${scenario.protocol.toUpperCase()} ${scenario.title}\n${scenario.namespace}`;
  return [name, ...figures.map((figure) => cellOf(figure, off, on)), String(errors)];
}

/** A cell: the two medians, and below them the ratio with its lowest and highest value in the rounds. */
function cellOf({ value, digits }: Figure, off: readonly MeasuredRun[], on: readonly MeasuredRun[]): string {
  const { medians, ratio, spread } = compared(off.map(value), on.map(value), digits);
  return `${medians}\n${ratio} (${spread})`;
}
